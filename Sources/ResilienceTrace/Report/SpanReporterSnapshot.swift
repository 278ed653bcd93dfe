public import ResilienceCore

/// The counts of a ``SpanReporter``.
public struct SpanReporterSnapshot: Sendable, Hashable {
  /// The reporter's name.
  public var name: String

  /// Spans and notes that wait to be sent.
  public var queued: Int

  /// Spans that were sent.
  public var reportedSpans: Int

  /// Spans of batches for which the exporter threw.
  public var failedSpans: Int

  /// Spans that found the queue full.
  public var droppedSpans: Int

  /// Notes that found the queue full, or whose span did not end while they were kept.
  public var droppedNotes: Int

  /// Batches that were given to the exporter.
  public var batches: Int

  /// What the exporter threw last; `nil` when it never did.
  public var lastError: String?
}

extension SpanReporterSnapshot: MetricSource {
  /// What waits, what was sent, and what was not.
  public var metrics: [Metric] {
    let labels = [Metric.Label("reporter", name)]
    return [
      Metric(
        "span_reporter_queued", .gauge, Double(queued), labels: labels,
        help: "Spans that wait for their export."),
      Metric(
        "span_reporter_reported_spans_total", .counter, Double(reportedSpans), labels: labels,
        help: "Spans that were exported."),
      Metric(
        "span_reporter_failed_spans_total", .counter, Double(failedSpans), labels: labels,
        help: "Spans whose export failed."),
      Metric(
        "span_reporter_dropped_spans_total", .counter, Double(droppedSpans), labels: labels,
        help: "Spans that were dropped, because the queue was full."),
      Metric(
        "span_reporter_dropped_notes_total", .counter, Double(droppedNotes), labels: labels,
        help: "Notes of the reporter that nobody took."),
      Metric(
        "span_reporter_batches_total", .counter, Double(batches), labels: labels,
        help: "Batches that were handed to the exporter."),
    ]
  }
}
