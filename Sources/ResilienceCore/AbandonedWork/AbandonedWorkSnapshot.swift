/// What callers have left running, at one instant.
public struct AbandonedWorkSnapshot: Sendable, Hashable {
  /// The name of the ``AbandonedWork``.
  public var name: String

  /// Work that was left and still runs.
  public var running: Int

  /// Work that was left since the counter was made.
  public var total: Int

  /// Callers that could not leave, because as much as is allowed was running.
  public var refused: Int

  /// Creates a snapshot.
  public init(name: String, running: Int, total: Int, refused: Int = 0) {
    self.name = name
    self.running = running
    self.total = total
    self.refused = refused
  }
}

extension AbandonedWorkSnapshot: MetricSource {
  /// The three numbers, labelled with the name.
  public var metrics: [Metric] {
    let labels = [Metric.Label("work", name)]
    return [
      Metric(
        "abandoned_work_running", .gauge, Double(running), labels: labels,
        help: "Calls that were left and still run."),
      Metric(
        "abandoned_work_left_total", .counter, Double(total), labels: labels,
        help: "Calls that were left running when their caller went on."),
      Metric(
        "abandoned_work_refused_total", .counter, Double(refused), labels: labels,
        help: "Calls that were not begun, because too many were left running."),
    ]
  }
}
