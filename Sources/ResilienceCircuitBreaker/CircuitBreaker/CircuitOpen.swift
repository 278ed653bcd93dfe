public import ResilienceCore

/// A call was not made, because the breaker around it did not let it through.
public struct CircuitOpen: Rejection, Hashable {
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

  /// The breaker's name.
  public let breaker: String

  /// Why the call was not made.
  public let reason: Reason

  /// When the open time ends and the breaker lets probes through; past while probes are under way.
  public let retryAt: Instant?

  /// No: whoever waits for an open breaker might as well wait for the destination.
  public var isRetryable: Bool { false }

  /// Creates a rejection.
  public init(breaker: String, reason: Reason = .open, retryAt: Instant?) {
    self.breaker = breaker
    self.reason = reason
    self.retryAt = retryAt
  }
}

extension CircuitOpen: CustomStringConvertible {
  /// Names the breaker and what it is, and, when it is open, how long it is until it lets a probe through.
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
    return "circuit breaker \"\(breaker)\" \(state)\(probes)"
  }
  private var probes: String {
    guard reason == .open, let retryAt else { return "" }
    return retryAt.delayText.map { "; it probes again in \($0)" } ?? "; it probes with the next call"
  }
}
