public import ResilienceCore

/// What a keyed limiter knows.
public struct KeyedRateLimiterSnapshot: Sendable, Hashable {
  /// The limiter's name.
  public var name: String

  /// The rate and the burst of each key that has none of its own.
  public var limit: RateLimit

  /// Keys whose bucket is not full, and those with a limit of their own; the others are as good as unknown.
  public var keys: Int

  /// Keys that have a limit of their own.
  public var ownLimits: Int

  /// Permits given out since the limiter was created, over all keys.
  public var acquired: Int

  /// Calls refused since the limiter was created, over all keys.
  public var refused: Int

  /// Of the permits given out, those that were given back unused.
  public var refunded: Int
}

extension KeyedRateLimiterSnapshot: MetricSource {
  /// The counts, labelled with the limiter's name.
  public var metrics: [Metric] {
    let labels = [Metric.Label("limiter", name)]
    return [
      Metric("rate_limiter_keys", .gauge, Double(keys), labels: labels, help: "Keys that are remembered."),
      Metric(
        "rate_limiter_own_limits", .gauge, Double(ownLimits), labels: labels,
        help: "Keys with a limit of their own."),
      Metric(
        "rate_limiter_acquired_permits_total", .counter, Double(acquired), labels: labels,
        help: "Permits that were given out."),
      Metric(
        "rate_limiter_refused_calls_total", .counter, Double(refused), labels: labels,
        help: "Calls that were refused."),
      Metric(
        "rate_limiter_refunded_permits_total", .counter, Double(refunded), labels: labels,
        help: "Permits that were given back."),
    ]
  }
}
