public import Resilience
internal import Synchronization

/// What a shared limiter knows in this process, at one instant.
public struct SharedRateLimiterSnapshot: MetricSource, Hashable {
  /// The limiter's name.
  public let name: String

  /// Permits that were leased and are not used.
  public let leased: Int

  /// Permits given out here since the limiter was created.
  public let acquired: Int

  /// Of these, those that the fallback gave out while Redis was away.
  public let acquiredAlone: Int

  /// Calls refused here since the limiter was created.
  public let refused: Int

  /// How often Redis was asked.
  public let roundTrips: Int

  /// Whether Redis is away.
  public let isAway: Bool

  /// The counts, labelled with the limiter's name.
  public var metrics: [Metric] {
    let labels = [Metric.Label("limiter", name)]
    return [
      Metric(
        "shared_rate_limiter_leased_permits", .gauge, Double(leased), labels: labels,
        help: "Permits that were leased and are not used."),
      Metric(
        "shared_rate_limiter_acquired_permits_total", .counter, Double(acquired), labels: labels,
        help: "Permits that were given out."),
      Metric(
        "shared_rate_limiter_fallback_permits_total", .counter, Double(acquiredAlone), labels: labels,
        help: "Permits that were given out while Redis was away."),
      Metric(
        "shared_rate_limiter_refused_calls_total", .counter, Double(refused), labels: labels,
        help: "Calls that were refused."),
      Metric(
        "shared_rate_limiter_round_trips_total", .counter, Double(roundTrips), labels: labels,
        help: "How often Redis was asked."),
      Metric(
        "shared_rate_limiter_away", .gauge, isAway ? 1 : 0, labels: labels,
        help: "1 while Redis is away."),
    ]
  }
}

extension SharedRateLimiter {
  /// What the limiter knows in this process.
  public func snapshot() -> SharedRateLimiterSnapshot {
    let (state, counts) = (state.withLock { $0 }, counts.withLock { $0 })
    return SharedRateLimiterSnapshot(
      name: name, leased: state.available, acquired: counts.acquired, acquiredAlone: counts.acquiredAlone,
      refused: counts.refused, roundTrips: state.roundTrips, isAway: state.isAway)
  }
}
