import Resilience

/// What an outbox keeps.
struct OutboxSnapshot: MetricSource {
  /// Waits for its publication.
  var pending: Int
  /// The broker does not take it: somebody has to look.
  var refused: Int

  var metrics: [Metric] {
    [
      Metric(
        "outbox_pending_events", .gauge, Double(pending), help: "Events that wait for their publication."),
      Metric(
        "outbox_refused_events", .gauge, Double(refused),
        help: "Events that the broker refused and that are set aside; at most a thousand are counted."),
    ]
  }
}
