public import ResilienceCore

/// What callers have left running, at one instant.
public struct AbandonedWorkSnapshot: Sendable, Hashable {
  /// The name of the ``AbandonedWork``.
  public var name: String

  /// Abandoned calls whose work still runs.
  public var running: Int

  /// Calls abandoned since the counter was made.
  public var total: Int
}

extension AbandonedWorkSnapshot: MetricSource {
  /// Both numbers, labelled with the name.
  public var metrics: [Metric] {
    let labels = [Metric.Label("work", name)]
    return [
      Metric("timeout_abandoned_running", .gauge, Double(running), labels: labels),
      Metric("timeout_abandoned_total", .counter, Double(total), labels: labels),
    ]
  }
}
