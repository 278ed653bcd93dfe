public import ResilienceCore

/// The counts of a ``TraceStore``.
public struct TraceStoreSnapshot: Sendable, Hashable {
  /// The store's name.
  public var name: String

  /// How many spans, and how many span events, it can hold.
  public var capacity: Int

  /// Spans that it holds.
  public var spans: Int

  /// Spans that were ever recorded.
  public var recordedSpans: Int

  /// Spans that made room for later ones.
  public var droppedSpans: Int

  /// Span events that it holds.
  public var events: Int

  /// Span events that made room for later ones.
  public var droppedEvents: Int
}

extension TraceStoreSnapshot: MetricSource {
  /// What is held, what was recorded, and what was dropped.
  public var metrics: [Metric] {
    let labels = [Metric.Label("store", name)]
    return [
      Metric(
        "trace_store_capacity_spans", .gauge, Double(capacity), labels: labels,
        help: "Spans that there is room for."),
      Metric("trace_store_spans", .gauge, Double(spans), labels: labels, help: "Spans that are kept."),
      Metric(
        "trace_store_recorded_spans_total", .counter, Double(recordedSpans), labels: labels,
        help: "Spans that were recorded."),
      Metric(
        "trace_store_dropped_spans_total", .counter, Double(droppedSpans), labels: labels,
        help: "Spans that were dropped, because there was no room."),
      Metric(
        "trace_store_events", .gauge, Double(events), labels: labels, help: "Events of spans that are kept."),
      Metric(
        "trace_store_dropped_events_total", .counter, Double(droppedEvents), labels: labels,
        help: "Events of spans that were dropped, because there was no room."),
    ]
  }
}
