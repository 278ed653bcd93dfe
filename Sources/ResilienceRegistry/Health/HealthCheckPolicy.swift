internal import ResilienceCore

/// How often instances are checked, and how much it takes to believe the result.
public struct HealthCheckPolicy: Sendable, Hashable {
  /// The longest time from the start of one check to the start of the next.
  public let interval: Duration

  /// How long a check may take before it counts as failed.
  public let timeout: Duration

  /// Successes in a row that make an instance healthy.
  public let rise: Int

  /// Failures in a row that make an instance unhealthy.
  public let fall: Int

  /// The share of the interval, 0 to 1, by which a check may come early, so that the checks of many callers spread.
  public let jitter: Double

  /// Creates a policy.
  ///
  /// - Parameters:
  ///   - interval: From the start of a check to the start of the next at the latest, more than 0. Default: 10 s, as
  ///     Kubernetes' probes.
  ///   - timeout: When a check counts as failed, more than 0. Default: 1 s, as Kubernetes' probes.
  ///   - rise: Successes in a row that make an instance healthy, 1 or more. Default: 2, as HAProxy.
  ///   - fall: Failures in a row that make an instance unhealthy, 1 or more. Default: 3, as HAProxy.
  ///   - jitter: The share of the interval by which a check may come early, 0 to 1. The first check of an instance
  ///     comes within this share. Default: 0.2.
  public init(
    interval: Duration = .seconds(10), timeout: Duration = .seconds(1), rise: Int = 2, fall: Int = 3,
    jitter: Double = 0.2
  ) {
    self.interval = interval
    self.timeout = timeout
    self.rise = rise
    self.fall = fall
    self.jitter = jitter
    if let fault { preconditionFailure("a health check's \(fault)") }
  }

  /// The first field that is out of its range.
  var fault: InvalidSetting? {
    .unless(interval > .zero, "interval", interval, "more than 0s")
      ?? .unless(timeout > .zero, "timeout", timeout, "more than 0s")
      ?? .unless(rise >= 1, "rise", rise, "1 or more")
      ?? .unless(fall >= 1, "fall", fall, "1 or more")
      ?? .outside(0...1, "jitter", jitter)
  }
}
