public import ResilienceCore

/// What a keyed quota limiter knows.
public struct KeyedQuotaLimiterSnapshot: Sendable, Hashable {
  /// The limiter's name.
  public var name: String

  /// The quotas of each key.
  public var quotas: [Quota]

  /// Keys that are kept; those of which nothing is taken that still counts are forgotten when room is needed.
  public var keys: Int

  /// Permits given out since the limiter was created, over all keys.
  public var acquired: Int

  /// Calls refused since the limiter was created, over all keys.
  public var refused: Int

  /// Of the permits given out, those that were given back unused.
  public var refunded: Int
}

extension KeyedQuotaLimiterSnapshot: MetricSource {
  /// The counts, labelled with the limiter's name.
  public var metrics: [Metric] {
    let labels = [Metric.Label("limiter", name)]
    return [
      Metric("rate_limiter_keys", .gauge, Double(keys), labels: labels, help: "Keys that are remembered."),
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
