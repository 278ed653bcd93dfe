internal import ResilienceCore

/// How calls are spread over a service's instances, and which instances are left out.
///
/// ```swift
/// let policy = BalancingPolicy(.peakEWMA, outliers: OutlierPolicy(), slowStart: SlowStartPolicy())
/// ```
public struct BalancingPolicy: Sendable, Hashable {
  /// How to choose among those that may get the call.
  public let strategy: BalancingStrategy

  /// When an instance is left out for what became of the calls to it; `nil` for never.
  public let outliers: OutlierPolicy?

  /// How slowly an instance that joins or comes back gets its share; `nil` for at once.
  public let slowStart: SlowStartPolicy?

  /// The share of the instances that must be available; with fewer all of them are tried, the unhealthy and
  /// the ejected too.
  public let panicThreshold: Double

  /// Where calls stay if they can; `nil` for no such place.
  public let zone: ZonePreference?

  /// The most instances to call at all; `nil` for no limit.
  public let subsetSize: Int?

  /// Creates a policy.
  ///
  /// - Parameters:
  ///   - strategy: How to choose. Default: power of two choices.
  ///   - outliers: When an instance is left out for what became of the calls to it. Default: never.
  ///   - slowStart: How slowly one that joins or comes back gets its share. Default: at once.
  ///   - panicThreshold: The share of the instances, 0 to 1, that must be available; with fewer all are
  ///     tried, since checks that fail nearly everywhere have a common cause more often than they are right.
  ///     With 0 that is so when none is available. Default: 0, so that an instance known to be bad is not
  ///     tried while there is a better one; Envoy's is 0.5.
  ///   - zone: Where calls stay if they can. Default: no such place.
  ///   - subsetSize: The most instances to call at all, 1 or more: in a large fleet each client needs
  ///     connections to a few only. Which, chance decides for each balancer; when one of them goes, one other
  ///     takes its place. Default: no limit.
  public init(
    _ strategy: BalancingStrategy = .powerOfTwoChoices, outliers: OutlierPolicy? = nil,
    slowStart: SlowStartPolicy? = nil, panicThreshold: Double = 0, zone: ZonePreference? = nil,
    subsetSize: Int? = nil
  ) {
    self.strategy = strategy
    self.outliers = outliers
    self.slowStart = slowStart
    self.panicThreshold = panicThreshold
    self.zone = zone
    self.subsetSize = subsetSize
    if let fault { preconditionFailure("a balancing policy's \(fault)") }
  }

  /// The first field that is out of its range.
  var fault: InvalidSetting? {
    .outside(0...1, "panicThreshold", panicThreshold)
      ?? .unless(subsetSize.map { $0 >= 1 } ?? true, "subsetSize", subsetSize ?? 1, "1 or more")
  }
}
