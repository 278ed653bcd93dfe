public import ResilienceCore

/// The work was not begun, because its deadline had passed: nobody waits for the result.
///
/// Trying again cannot help, so it says no time at which to.
public struct DeadlineExceeded: Rejection, Hashable, CustomStringConvertible {
  /// The call's name; empty when unnamed.
  public let call: String

  /// How long ago the deadline passed, 0 or more.
  public let overdue: Duration

  /// None: a deadline does not come back.
  public var retryAt: Instant? { nil }

  /// Creates the error.
  public init(call: String = "", overdue: Duration) {
    self.call = call
    self.overdue = overdue
  }

  /// The call, and how late it came.
  public var description: String {
    "\(call.isEmpty ? "the call" : call) was not begun: its deadline had passed \(overdue.delayText) before"
  }
}
