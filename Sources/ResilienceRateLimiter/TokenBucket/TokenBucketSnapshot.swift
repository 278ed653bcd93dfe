public import ResilienceCore

/// What a bucket knows, at one instant.
public struct TokenBucketSnapshot: Sendable, Hashable {
  /// The bucket's name.
  public var name: String

  /// The rate and the burst.
  public var limit: RateLimit

  /// Permits that could be taken at once, were nobody waiting.
  public var available: Int

  /// Calls that wait.
  public var waiting: Int

  /// Permits given out since the bucket was created.
  public var acquired: Int

  /// Calls refused since the bucket was created.
  public var refused: Int

  /// Of the permits given out, those that were given back unused.
  public var refunded: Int
}

extension TokenBucketSnapshot: MetricSource {
  /// The counts, labelled with the bucket's name.
  public var metrics: [Metric] {
    let labels = [Metric.Label("limiter", name)]
    return [
      Metric(
        "rate_limiter_available_permits", .gauge, Double(available), labels: labels,
        help: "Permits that may be had at once; below 0 when the next ones are owed."),
      Metric(
        "rate_limiter_waiting_calls", .gauge, Double(waiting), labels: labels,
        help: "Calls that wait for their permits."),
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
