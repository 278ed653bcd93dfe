public import ResilienceCore

/// How the two sides of a ``MirroredBroker`` are.
public struct MirroredBrokerSnapshot: MetricSource, Hashable {
  /// One side.
  public struct Side: Sendable, Hashable {
    /// Which one.
    public let side: MirrorSide

    /// Whether the last thing that was asked of it worked.
    public let isHealthy: Bool

    /// Calls that it failed.
    public let failures: Int
  }

  /// The mirrored broker's name.
  public let name: String

  /// Both, the primary first.
  public let sides: [Side]

  /// Copies that came second, and were dropped.
  public let duplicates: Int

  /// By side whether it is healthy, and its failures; and the copies that were dropped.
  public var metrics: [Metric] {
    let broker = Metric.Label("broker", name)
    return [
      Metric(
        "event_broker_duplicates_total", .counter, Double(duplicates), labels: [broker],
        help: "Events that came from both sides of a mirrored broker.")
    ]
      + sides.flatMap { side in
        let labels = [broker, Metric.Label("side", side.side.rawValue)]
        return [
          Metric(
            "event_broker_healthy", .gauge, side.isHealthy ? 1 : 0, labels: labels,
            help: "1 while this side of a mirrored broker works, else 0."),
          Metric(
            "event_broker_failures_total", .counter, Double(side.failures), labels: labels,
            help: "Operations that failed on one side of a mirrored broker."),
        ]
      }
  }
}
