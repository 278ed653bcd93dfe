/// Turns the results of checks into a status that does not flap: it takes several in a row to change one's
/// mind.
///
/// The thresholds hold from every status, the unknown one included: one lucky check does not make a new
/// instance healthy, one unlucky check does not make it unhealthy.
public struct HealthStateMachine: Sendable, Hashable {
  /// Successes in a row that make an instance healthy.
  public let rise: Int

  /// Failures in a row that make an instance unhealthy.
  public let fall: Int

  /// The status so far.
  public private(set) var status: HealthStatus

  /// Whether as many checks in a row have agreed as it takes to know, at least once.
  public private(set) var isConfirmed = false

  private var isInitial: Bool
  private var successes = 0
  private var failures = 0

  /// Creates a state machine.
  ///
  /// - Parameters:
  ///   - rise: Successes in a row that make an instance healthy, 1 or more. Default: 2, as HAProxy.
  ///   - fall: Failures in a row that make an instance unhealthy, 1 or more. Default: 3, as HAProxy.
  ///   - status: What is known already. Default: nothing.
  ///   - isInitial: Whether `status` is not known but assumed until the first check: one that was taken for
  ///     unhealthy is healthy with the first success. Default: `false`.
  public init(rise: Int = 2, fall: Int = 3, status: HealthStatus = .unknown, isInitial: Bool = false) {
    precondition(rise >= 1, "a health check's rise must be 1 or more, was \(rise)")
    precondition(fall >= 1, "a health check's fall must be 1 or more, was \(fall)")
    self.rise = rise
    self.fall = fall
    self.status = status
    self.isInitial = isInitial
  }

  /// Counts one check.
  ///
  /// - Parameters:
  ///   - succeeded: What it found.
  ///   - riseFactor: By how much ``rise`` is multiplied, 1 or more, for an instance that flaps. Default: 1.
  ///   - mayFall: Whether the instance may become unhealthy now; asked only when it would. When it may not,
  ///     the next failure asks again. Default: `true`.
  /// - Returns: The new status if this check changed it.
  public mutating func record(
    succeeded: Bool, riseFactor: Int = 1, mayFall: @autoclosure () -> Bool = true
  ) -> HealthStatus? {
    if succeeded {
      failures = 0
      let needed = isInitial && status == .unhealthy ? 1 : rise.multipliedSaturating(by: max(1, riseFactor))
      successes = min(successes + 1, needed)
      return successes == needed ? change(to: .healthy) : nil
    } else {
      successes = 0
      failures = min(failures + 1, fall)
      guard failures == fall, status == .unhealthy || mayFall() else { return nil }
      return change(to: .unhealthy)
    }
  }

  private mutating func change(to new: HealthStatus) -> HealthStatus? {
    isConfirmed = true
    guard status != new else { return nil }
    isInitial = false
    status = new
    return new
  }
}

extension Int {
  fileprivate func multipliedSaturating(by factor: Int) -> Int {
    let (product, overflow) = multipliedReportingOverflow(by: factor)
    return overflow ? .max : product
  }
}
