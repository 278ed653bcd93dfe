public import ResilienceCore

/// What a table of throttles holds.
public struct AdaptiveThrottlesSnapshot: Sendable, Hashable {
  /// The table's name.
  public var name: String

  /// Throttles that are kept; those that have seen no call of late are forgotten when room is needed.
  public var throttles: Int

  /// How many of them hold calls back.
  public var holdingBack: Int

  /// Calls held back since the table was created.
  public var rejected: Int

  /// How often a key found no room, and was given no throttle of its own.
  public var unguarded: Int
}

extension AdaptiveThrottlesSnapshot: MetricSource {
  /// The counts, labelled with the table's name.
  public var metrics: [Metric] {
    let labels = [Metric.Label("throttles", name)]
    return [
      Metric(
        "throttles", .gauge, Double(throttles), labels: labels,
        help: "Keys that have a throttle of their own."),
      Metric(
        "throttles_holding_back", .gauge, Double(holdingBack), labels: labels,
        help: "Throttles that refuse a share of their calls."),
      Metric(
        "throttles_rejected_calls_total", .counter, Double(rejected), labels: labels,
        help: "Calls that were refused, over all keys."),
      Metric(
        "throttles_unguarded_total", .counter, Double(unguarded), labels: labels,
        help: "Calls without a throttle, because there were too many keys."),
    ]
  }
}
