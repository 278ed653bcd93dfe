/// What somebody tells a breaker to be, whatever the results are; see ``CircuitBreaker/set(_:)``.
public enum CircuitBreakerOverride: Sendable, Hashable {
  /// Every call is rejected: for a destination that must be left alone.
  case forcedOpen

  /// Every call passes and none is counted: for when the breaker itself is in doubt.
  case disabled

  /// Every call passes and is counted, and nothing comes of it: for trying a policy out on real traffic.
  case metricsOnly
}
