public import ResilienceCore

/// A call was not made, because the breaker around it did not let it through.
///
/// It says by what the breaker opened, and how many calls it has turned away since:
///
/// ```swift
/// do {
///   return try await charge(order)
/// } catch let open as CircuitOpen {
///   log.error("\(open)", error: open.lastFailure)
///   throw Unavailable(retryAfter: open.retryAfter(at: CallContext.current.readClock()))
/// }
/// ```
public struct CircuitOpen: Rejection {
  /// Why a breaker lets a call not through.
  public enum Reason: Sendable, Hashable {
    /// It is open: the destination failed.
    case open
    /// It is half-open, with all its probes under way.
    case probing
    /// It is recovering, and this call is beyond the share that passes already. Trying again is traffic that
    /// the destination is being spared, so no instant is known.
    case recovering
    /// Somebody said so.
    case forced
  }

  /// A failure that no error was thrown for: a returned value that counts as one, or a permit's verdict.
  public struct FailedValue: Error, Hashable, CustomStringConvertible {
    /// What the destination asked for along with it.
    public let pushback: Pushback

    /// Creates a failure.
    public init(pushback: Pushback = .none) {
      self.pushback = pushback
    }

    /// Says what it is.
    public var description: String { "a value that counts as a failure" }
  }

  /// The breaker's name.
  public let breaker: String

  /// Why the call was not made.
  public let reason: Reason

  /// When the open time ends and the breaker lets probes through; past while probes are under way.
  public let retryAt: Instant?

  /// The failure by which the breaker opened, or opened again: the error itself, or a ``FailedValue``.
  ///
  /// `nil` when it opened without one: by hand, or because calls ran for too long. The breaker keeps this one
  /// error, and drops it when it closes.
  public let lastFailure: (any Error)?

  private let refusals: RefusalCount

  /// How many calls the breaker has refused since it was last closed, this one included, or since it was
  /// opened by hand.
  ///
  /// One error stands for all refusals of an opening, so this is as of the latest that was thrown; those of
  /// permits count with the next.
  public var refusedCalls: Int { refusals.count }

  /// No: whoever waits for an open breaker might as well wait for the destination.
  public var isRetryable: Bool { false }

  /// Creates a rejection.
  public init(
    breaker: String, reason: Reason = .open, retryAt: Instant?, lastFailure: (any Error)? = nil,
    refusedCalls: Int = 0
  ) {
    self.init(
      breaker, reason, retryAt: retryAt, lastFailure, RefusalCount(before: 0, refused: refusedCalls))
  }

  init(
    _ breaker: String, _ reason: Reason, retryAt: Instant?, _ lastFailure: (any Error)?,
    _ refusals: RefusalCount
  ) {
    self.breaker = breaker
    self.reason = reason
    self.retryAt = retryAt
    self.lastFailure = lastFailure
    self.refusals = refusals
  }
}

extension CircuitOpen: Hashable {
  /// Whether both are of the same state of the same breaker: errors and counts are not compared.
  public static func == (one: CircuitOpen, other: CircuitOpen) -> Bool {
    one.breaker == other.breaker && one.reason == other.reason && one.retryAt == other.retryAt
  }

  /// Hashes what is compared.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(breaker)
    hasher.combine(reason)
    hasher.combine(retryAt)
  }
}

extension CircuitOpen: CustomStringConvertible {
  /// Names the breaker and what it is, when it is open how long it is until it lets a probe through, and then
  /// how many calls it has refused and after what failure, cut to 200 characters.
  ///
  /// The delay is as of the reading of this description, by the clock of the call that reads it: one error
  /// stands for all rejections of an opening, so that a rejection allocates nothing.
  public var description: String {
    let state =
      switch reason {
      case .open: "is open and did not make the call"
      case .probing: "is half-open with all probes under way and did not make the call"
      case .recovering: "is recovering and did not make the call, which is beyond the share it lets through"
      case .forced: "was forced open by hand and did not make the call"
      }
    return "circuit breaker \"\(breaker)\" \(state)\(probes)\(refused)\(failure)"
  }

  private var probes: String {
    guard reason == .open, let retryAt else { return "" }
    return retryAt.delayText.map { "; it probes again in \($0)" } ?? "; it probes with the next call"
  }

  private var refused: String { refusedCalls > 1 ? "; it has refused \(refusedCalls) calls" : "" }

  private var failure: String {
    lastFailure.map { "; the last failure: \(SafeText.escaped("\($0)", length: 200))" } ?? ""
  }
}
