/// Takes finished spans to where they are looked at: a collector, a file.
///
/// ``SpanReporter`` calls it, one batch at a time. What it throws costs the batch, is counted, and nothing
/// else: try again in the exporter, where it makes sense.
public protocol SpanExporter: Sendable {
  /// Exports one batch.
  ///
  /// - Throws: Whatever went wrong; the batch is then counted as failed.
  func export(_ batch: SpanBatch) async throws
}
