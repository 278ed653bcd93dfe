public import ResilienceCore

/// What a quota limiter knows, at one instant.
public struct QuotaSnapshot: Sendable, Hashable {
  /// What is left of one quota.
  public struct Usage: Sendable, Hashable {
    /// The quota.
    public var quota: Quota

    /// Permits that it has left.
    public var available: Int

    /// When all of its permits are there again, if none is taken.
    public var fullAt: Instant

    /// When the present period ends, on the wall clock, and all permits are there again; `nil` of a quota
    /// that does not go by the calendar.
    public var renewsAt: UnixTime?
  }

  /// The limiter's name.
  public var name: String

  /// What is left of each quota, in the order they were given.
  public var usage: [Usage]

  /// Permits given out since the limiter was created.
  public var acquired: Int

  /// Calls refused since the limiter was created.
  public var refused: Int

  /// Of the permits given out, those that were given back unused.
  public var refunded: Int
}

extension QuotaSnapshot: MetricSource {
  /// The counts, labelled with the limiter's name; what is left also with the quota.
  public var metrics: [Metric] {
    let labels = [Metric.Label("limiter", name)]
    return usage.map { usage in
      Metric(
        "rate_limiter_available_permits", .gauge, Double(usage.available),
        labels: labels + [Metric.Label("quota", usage.quota.description)],
        help: "Permits that may be had at once; below 0 when the next ones are owed.")
    } + [
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
