import Resilience

@testable import storefront

/// Spans that say no more than a test is about.
enum SpanSamples {
  static func span(
    _ id: UInt64, parent: UInt64 = 0, trace: UInt64 = 1, service: String = "orders", name: String = "work",
    kind: SpanRecord.Kind? = .internal, start: UInt64 = 0, took: UInt64 = 1, error: String? = nil
  ) -> CollectedSpan {
    CollectedSpan(
      trace: TraceID(high: 7, low: trace), id: id, parent: parent, service: service, name: name, kind: kind,
      start: start, end: start + took, attributes: [], events: [], links: [], error: error)
  }

  static func trace(_ spans: [CollectedSpan]) -> CollectedTrace {
    var trace = CollectedTrace(id: spans[0].trace)
    for span in spans { trace.add(span) }
    return trace
  }
}
