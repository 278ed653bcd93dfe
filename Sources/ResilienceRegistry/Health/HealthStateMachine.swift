/// Turns the results of checks into a status that does not flap: it takes several in a row to change one's mind.
///
/// The thresholds hold from every status, the unknown one included: one lucky check does not make a new instance healthy,
/// one unlucky check does not make it unhealthy.
public struct HealthStateMachine: Sendable, Hashable {
  /// Successes in a row that make an instance healthy.
  public let rise: Int

  /// Failures in a row that make an instance unhealthy.
  public let fall: Int

  /// The status so far.
  public private(set) var status: HealthStatus

  private var successes = 0
  private var failures = 0

  /// Creates a state machine.
  ///
  /// - Parameters:
  ///   - rise: Successes in a row that make an instance healthy, 1 or more. Default: 2, as HAProxy.
  ///   - fall: Failures in a row that make an instance unhealthy, 1 or more. Default: 3, as HAProxy.
  ///   - status: What is known already. Default: nothing.
  public init(rise: Int = 2, fall: Int = 3, status: HealthStatus = .unknown) {
    precondition(rise >= 1, "a health check's rise must be 1 or more, was \(rise)")
    precondition(fall >= 1, "a health check's fall must be 1 or more, was \(fall)")
    self.rise = rise
    self.fall = fall
    self.status = status
  }

  /// Counts one check.
  ///
  /// - Returns: The new status if this check changed it.
  public mutating func record(succeeded: Bool) -> HealthStatus? {
    if succeeded {
      failures = 0
      successes = min(successes + 1, rise)
      return successes == rise ? change(to: .healthy) : nil
    } else {
      successes = 0
      failures = min(failures + 1, fall)
      return failures == fall ? change(to: .unhealthy) : nil
    }
  }

  private mutating func change(to new: HealthStatus) -> HealthStatus? {
    guard status != new else { return nil }
    status = new
    return new
  }
}
