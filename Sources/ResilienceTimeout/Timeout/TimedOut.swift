/// The work was begun and took too long.
///
/// Unlike a refusal it counts as a failure of the destination, and proves nothing about what ran.
public struct TimedOut: Error, PushbackProviding, CustomStringConvertible {
  /// The call's name; empty when unnamed.
  public let call: String

  /// How long it was given: the limit, or what was left until the caller's deadline if that was less.
  public let limit: Duration

  /// Whether the caller's deadline cut the limit short.
  public let isCutShort: Bool

  /// What the work itself threw when its time was up, unless that was the plain `CancellationError` that the
  /// limit caused: a retry's last error, the ``TimedOut`` of a limit further in that ended at the same
  /// instant, or a failure that came too late.
  public let underlying: (any Error)?

  /// What the destination asked for with the failure that came too late, such as not to be called before some
  /// time.
  ///
  /// A retry outside goes by it as by the pushback of a failure that came in time.
  public let pushback: Pushback

  /// Whether the work was left running: it may still do what it was asked for.
  public let isAbandoned: Bool

  /// Creates the error.
  public init(
    call: String = "", limit: Duration, isCutShort: Bool = false, underlying: (any Error)? = nil,
    pushback: Pushback = .none, isAbandoned: Bool = false
  ) {
    self.call = call
    self.limit = limit
    self.isCutShort = isCutShort
    self.underlying = underlying
    self.pushback = pushback
    self.isAbandoned = isAbandoned
  }

  /// The call, the limit, and what the work said last.
  public var description: String {
    let subject = call.isEmpty ? "the call" : call
    let reason = isCutShort ? ", all that was left until its deadline" : ""
    let last = underlying.map { "; it ended with: \($0)" } ?? ""
    let rest = isAbandoned ? "; it was left running" : ""
    // What is left until a deadline is no round number.
    let limit = isCutShort ? limit.delayText : limit.unitText
    return "\(subject) timed out after \(limit)\(reason)\(last)\(rest)"
  }
}
