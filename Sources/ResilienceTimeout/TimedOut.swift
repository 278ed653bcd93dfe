/// The work was begun and took too long.
///
/// Unlike a refusal it counts as a failure of the destination, and proves nothing about what ran.
public struct TimedOut: Error, CustomStringConvertible {
  /// The call's name; empty when unnamed.
  public let call: String

  /// How long it was given: the limit, or what was left until the caller's deadline if that was less.
  public let limit: Duration

  /// Whether the caller's deadline cut the limit short.
  public let isCutShort: Bool

  /// What the work itself threw when it was cancelled, unless that was a plain `CancellationError`: a retry's last
  /// error, or a failure that came after the limit had passed.
  public let underlying: (any Error)?

  /// Creates the error.
  public init(call: String = "", limit: Duration, isCutShort: Bool = false, underlying: (any Error)? = nil) {
    self.call = call
    self.limit = limit
    self.isCutShort = isCutShort
    self.underlying = underlying
  }

  /// The call, the limit, and what the work said last.
  public var description: String {
    let subject = call.isEmpty ? "the call" : call
    let reason = isCutShort ? ", all that was left until its deadline" : ""
    let last = underlying.map { "; it ended with: \($0)" } ?? ""
    return "\(subject) timed out after \(limit)\(reason)\(last)"
  }
}
