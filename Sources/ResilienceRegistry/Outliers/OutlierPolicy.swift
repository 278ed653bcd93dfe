internal import ResilienceCore

/// When an instance is ejected for what became of the calls to it: left out for a while, though its health
/// checks pass.
///
/// gRPC's and Envoy's algorithms (gRFC A50). A sweep looks at what was counted since the last one; failures
/// in a row need not wait for it. Whoever is ejected comes back at the first sweep after its time, which
/// grows with each ejection and shrinks with each sweep that it gets through. What counts as a failure is the
/// handler's own outcome: a caller's cancellation and a refusal by a layer of ours count neither way.
public struct OutlierPolicy: Sendable, Hashable {
  /// The time between sweeps.
  public let interval: Duration

  /// How long the first ejection lasts; the second lasts twice that, and so on.
  public let baseEjectionTime: Duration

  /// The longest that an ejection lasts.
  public let maxEjectionTime: Duration

  /// The largest share of the instances that are ejected at one time, the next one included.
  public let maxEjectedShare: Double

  /// Whether one instance may be ejected even where that is more than the largest share.
  public let alwaysEjectsOne: Bool

  /// Failures in a row that eject an instance; `nil` for no such rule.
  public let consecutiveFailures: Int?

  /// The rule that compares an instance with the others; `nil` for no such rule.
  public let successRate: SuccessRate?

  /// The rule that looks at an instance alone; `nil` for no such rule.
  public let failureRate: FailureRate?

  /// Creates a policy.
  ///
  /// - Parameters:
  ///   - interval: The time between sweeps, more than 0 s. Default: 10 s.
  ///   - baseEjectionTime: How long the first ejection lasts, more than 0 s. Default: 30 s.
  ///   - maxEjectionTime: The longest that an ejection lasts, at least `baseEjectionTime`. Default: 5 min, or
  ///     `baseEjectionTime` if that is longer.
  ///   - maxEjectedShare: The largest share of the instances that are ejected at one time, 0 to 1, counted
  ///     after the ejection. Default: 0.1.
  ///   - alwaysEjectsOne: Whether one may be ejected even where that is more than the share, as of nine
  ///     instances with the default; never the only one. Default: yes, as gRPC.
  ///   - consecutiveFailures: Failures in a row that eject an instance at once, 1 or more. Default: 5, as
  ///     Envoy.
  ///   - successRate: The rule that compares an instance with the others. Default: gRPC's, with a floor.
  ///   - failureRate: The rule that looks at an instance alone. Default: none, as Envoy.
  public init(
    interval: Duration = .seconds(10), baseEjectionTime: Duration = .seconds(30),
    maxEjectionTime: Duration? = nil, maxEjectedShare: Double = 0.1, alwaysEjectsOne: Bool = true,
    consecutiveFailures: Int? = 5, successRate: SuccessRate? = SuccessRate(), failureRate: FailureRate? = nil
  ) {
    self.interval = interval
    self.baseEjectionTime = baseEjectionTime
    self.maxEjectionTime = maxEjectionTime ?? Self.longest(baseEjectionTime)
    self.maxEjectedShare = maxEjectedShare
    self.alwaysEjectsOne = alwaysEjectsOne
    self.consecutiveFailures = consecutiveFailures
    self.successRate = successRate
    self.failureRate = failureRate
    if let fault { preconditionFailure("an outlier detection's \(fault)") }
  }

  static func longest(_ baseEjectionTime: Duration) -> Duration { max(baseEjectionTime, .seconds(300)) }

  /// The first field that is out of its range.
  var fault: InvalidSetting? {
    .unless(interval > .zero, "interval", interval, "more than 0s")
      ?? .unless(baseEjectionTime > .zero, "baseEjectionTime", baseEjectionTime, "more than 0s")
      ?? .unless(
        maxEjectionTime >= baseEjectionTime, "maxEjectionTime", maxEjectionTime,
        "at least the base ejection time, \(DurationText(baseEjectionTime))")
      ?? .outside(0...1, "maxEjectedShare", maxEjectedShare)
      ?? .unless(
        consecutiveFailures.map { $0 >= 1 } ?? true, "consecutiveFailures", consecutiveFailures ?? 1,
        "1 or more")
  }
}
