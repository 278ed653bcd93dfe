import Resilience

/// What a collector holds, and what it has seen.
struct TraceCollectorSnapshot: MetricSource {
  var traces: Int
  var spans: Int
  var bytes: Int
  var maxBytes: Int
  var counts: TraceTable.Counts
  var refusedDocuments: Int

  var metrics: [Metric] {
    func total(_ name: String, _ value: Int, _ help: String) -> Metric {
      Metric("trace_collector_\(name)_total", .counter, Double(value), help: help)
    }
    func gauge(_ name: String, _ value: Int, _ help: String) -> Metric {
      Metric("trace_collector_\(name)", .gauge, Double(value), help: help)
    }
    return [
      gauge("traces", traces, "Traces that are kept."),
      gauge("spans", spans, "Spans that are kept."),
      gauge("kept_bytes", bytes, "About how much memory they take."),
      gauge("limit_bytes", maxBytes, "How much they may take."),
      total("received_spans", counts.received, "Spans that have come."),
      total("repeated_spans", counts.repeated, "Spans that came again, and were not kept twice."),
      total("dropped_traces", counts.droppedTraces, "Traces that made room for later ones."),
      total("dropped_spans", counts.droppedSpans, "Spans of traces that made room for later ones."),
      total("excess_spans", counts.excess, "Spans that were dropped, because their trace was too large."),
      total("refused_documents", refusedDocuments, "Documents that could not be read."),
    ]
  }
}
