public import ResilienceCore

/// What a table of breakers holds.
public struct CircuitBreakersSnapshot: Sendable, Hashable {
  /// The table's name.
  public var name: String

  /// Breakers that are kept; those that are idle are forgotten when room is needed.
  public var breakers: Int

  /// How many of them are anything but closed.
  public var notClosed: Int

  /// How often a key found no room, and was given no breaker of its own.
  public var unguarded: Int
}

extension CircuitBreakersSnapshot: MetricSource {
  /// The counts, labelled with the table's name.
  public var metrics: [Metric] {
    let labels = [Metric.Label("breakers", name)]
    return [
      Metric(
        "circuit_breakers", .gauge, Double(breakers), labels: labels,
        help: "Keys that have a breaker of their own."),
      Metric(
        "circuit_breakers_not_closed", .gauge, Double(notClosed), labels: labels,
        help: "Breakers that are not closed."),
      Metric(
        "circuit_breakers_unguarded_total", .counter, Double(unguarded), labels: labels,
        help: "Calls without a breaker, because there were too many keys."),
    ]
  }
}
