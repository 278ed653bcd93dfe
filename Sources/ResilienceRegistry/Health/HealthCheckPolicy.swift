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

  /// The share of the interval, 0 to 1, by which a check may come early, so that the checks of many callers
  /// spread.
  public let jitter: Double

  /// For how long after an instance was first seen its failures do not count, unless it has passed a check
  /// before.
  public let startupGrace: Duration

  /// Over how long falls make it harder to come back.
  public let flapWindow: Duration

  /// The largest share of the instances, 0 to 1, that becomes unhealthy within one interval.
  public let maxFallShare: Double

  /// Creates a policy.
  ///
  /// - Parameters:
  ///   - interval: From the start of a check to the start of the next at the latest, more than 0. Default: 10
  ///     s, as Kubernetes' probes.
  ///   - timeout: When a check counts as failed, more than 0. Default: 1 s, as Kubernetes' probes.
  ///   - rise: Successes in a row that make an instance healthy, 1 or more. Default: 2, as HAProxy.
  ///   - fall: Failures in a row that make an instance unhealthy, 1 or more. Default: 3, as HAProxy.
  ///   - jitter: The share of the interval by which a check may come early, 0 to 1. The first check of an
  ///     instance comes within this share. Default: 0.2.
  ///   - startupGrace: For how long the failures of a new instance do not count, 0 or more, as with
  ///     Kubernetes' startup probe. Default: 0.
  ///   - flapWindow: Over how long falls are remembered, 0 or more: each but the first doubles `rise`, up to
  ///     eightfold, so that an instance that flaps is left out. 0 forgets them at once. Default: 5 min.
  ///   - maxFallShare: The largest share of the instances, 0 to 1, that becomes unhealthy within one
  ///     interval; one always may. A bound for a checker whose own network fails; it delays the truth when
  ///     they have all died. Default: 1.
  public init(
    interval: Duration = .seconds(10), timeout: Duration = .seconds(1), rise: Int = 2, fall: Int = 3,
    jitter: Double = 0.2, startupGrace: Duration = .zero, flapWindow: Duration = .seconds(300),
    maxFallShare: Double = 1
  ) {
    self.interval = interval
    self.timeout = timeout
    self.rise = rise
    self.fall = fall
    self.jitter = jitter
    self.startupGrace = startupGrace
    self.flapWindow = flapWindow
    self.maxFallShare = maxFallShare
    if let fault { preconditionFailure("a health check's \(fault)") }
  }

  /// The first field that is out of its range.
  var fault: InvalidSetting? { rhythmFault ?? shareFault }

  // In two, since the compiler takes long over one.
  private var rhythmFault: InvalidSetting? {
    .unless(interval > .zero, "interval", interval, "more than 0s")
      ?? .unless(timeout > .zero, "timeout", timeout, "more than 0s")
      ?? .unless(rise >= 1, "rise", rise, "1 or more")
      ?? .unless(fall >= 1, "fall", fall, "1 or more")
  }

  private var shareFault: InvalidSetting? {
    .outside(0...1, "jitter", jitter)
      ?? .unless(startupGrace >= .zero, "startupGrace", startupGrace, "0s or more")
      ?? .unless(flapWindow >= .zero, "flapWindow", flapWindow, "0s or more")
      ?? .outside(0...1, "maxFallShare", maxFallShare)
  }
}
