import Resilience
import Testing

@testable import storefront

@Suite struct TraceQueryTests {
  /// Newest first: 3, 2, 1.
  private let traces = [
    SpanSamples.trace([
      SpanSamples.span(1, trace: 3, service: "gateway", name: "GET", took: 80_000_000),
      SpanSamples.span(2, parent: 1, trace: 3, service: "orders", name: "GET", took: 10_000_000, error: "no"),
    ]),
    SpanSamples.trace([SpanSamples.span(1, trace: 2, service: "gateway", name: "POST", took: 90_000_000)]),
    SpanSamples.trace([SpanSamples.span(1, trace: 1, service: "orders", name: "GET", took: 50_000_000)]),
  ]

  private func found(_ parameters: (String, String)...) throws -> [UInt64] {
    try TraceQuery(parameters.map { (name: $0.0, value: $0.1) }).found(in: traces).map(\.trace.id.low)
  }

  @Test func eachConditionHoldsForOneSpan() throws {
    #expect(try found() == [3, 2, 1])
    #expect(try found(("service", "orders")) == [3, 1])
    #expect(try found(("name", "POST")) == [2])
    #expect(try found(("status", "error")) == [3])
    // The gateway's own span did not fail.
    #expect(try found(("status", "error"), ("service", "gateway")) == [])
    #expect(try found(("status", "ok"), ("service", "orders")) == [1])
    #expect(try found(("minDuration", "80ms")) == [3, 2])
    #expect(try found(("minDuration", "50ms"), ("service", "orders")) == [1])
    #expect(try found(("service", ""), ("name", "")) == [3, 2, 1])
  }

  @Test func anOrderIsFoundByItsNumber() throws {
    var span = SpanSamples.span(1, trace: 4)
    span.events = [
      .init(nanoseconds: 0, name: "event_bus.delivered", attributes: [.init(key: "id", value: "a7/x")])
    ]
    let traces = [SpanSamples.trace([span])] + traces
    #expect(try TraceQuery([("text", "a7")]).found(in: traces).map(\.trace.id.low) == [4])
    #expect(try TraceQuery([("text", "a8")]).found(in: traces).isEmpty)
  }

  @Test func theSlowestComeFirstAndAreLimited() throws {
    #expect(try found(("sort", "slowest")) == [2, 3, 1])
    #expect(try found(("sort", "slowest"), ("service", "orders")) == [1, 3])
    #expect(try found(("sort", "slowest"), ("limit", "1")) == [2])
    #expect(try found(("limit", "2")) == [3, 2])
  }

  @Test(arguments: [
    ("50ms", 50_000_000), ("1.5s", 1_500_000_000), ("200us", 200_000), ("200µs", 200_000), ("10ns", 10),
    ("7", 7_000_000),
  ])
  func aTimeHasAUnit(text: String, nanoseconds: UInt64) throws {
    #expect(try TraceQuery([("minDuration", text)]).minNanoseconds == nanoseconds)
  }

  @Test(arguments: [
    ("minDuration", "fast"), ("minDuration", "-5ms"), ("minDuration", "1e400s"), ("minDuration", "nan"),
    ("minDuration", "99999999999999999999s"), ("minDuration", "ms"), ("limit", "0"), ("limit", "201"),
    ("limit", "x"), ("status", "bad"), ("sort", "up"), ("servce", "orders"),
  ])
  func whatMeansNothingIsRefusedByItsName(name: String, value: String) {
    let error = #expect(throws: TraceQuery.Refused.self) { try TraceQuery([(name, value)]) }
    #expect(error?.parameter == name)
  }

  // MARK: - Rows and arrows

  @Test func spansStandBelowTheirParents() {
    let rows = SpanRows([
      SpanSamples.span(3, parent: 1, start: 20), SpanSamples.span(2, parent: 1, start: 10),
      SpanSamples.span(4, parent: 2, start: 30), SpanSamples.span(1, start: 0),
      SpanSamples.span(9, parent: 77, start: 5), SpanSamples.span(6, parent: 7, start: 40),
      SpanSamples.span(7, parent: 6, start: 50),
    ]).rows
    #expect(rows.map(\.span.id) == [1, 2, 4, 3, 9, 6, 7])
    #expect(rows.map(\.depth) == [0, 1, 2, 1, 0, 0, 1])
    #expect(rows.map(\.isOrphan) == [false, false, false, false, true, true, false])
  }

  @Test func theGraphHasEachCallOnce() {
    let trace = SpanSamples.trace([
      SpanSamples.span(1, service: "gateway", kind: .server, took: 100),
      // A call of two attempts, one of which reached somebody.
      SpanSamples.span(2, parent: 1, service: "gateway", name: "orders", kind: .client, took: 90),
      SpanSamples.span(
        3, parent: 2, service: "gateway", name: "orders", kind: .client, took: 20, error: "gone"),
      SpanSamples.span(4, parent: 2, service: "gateway", name: "orders", kind: .client, took: 60),
      SpanSamples.span(5, parent: 4, service: "orders", kind: .server, took: 50),
      // An event.
      SpanSamples.span(6, parent: 5, service: "payments", kind: .consumer, took: 10, error: "no"),
      // A call that reached nobody who records spans.
      SpanSamples.span(7, parent: 6, service: "payments", name: "bank", kind: .client, took: 4),
    ])
    let more = (1...99).map { id in
      SpanSamples.trace([
        SpanSamples.span(1, trace: 100 + id, service: "gateway"),
        SpanSamples.span(2, parent: 1, trace: 100 + id, service: "orders", took: id),
      ])
    }
    let graph = CallGraph([trace] + more)
    #expect(
      graph.edges == [
        CallGraph.Edge(
          caller: "gateway", callee: "orders", calls: 100, errors: 0, median: 50, percentile99: 98),
        CallGraph.Edge(
          caller: "orders", callee: "payments", calls: 1, errors: 1, median: 10, percentile99: 10),
        CallGraph.Edge(caller: "payments", callee: "bank", calls: 1, errors: 0, median: 4, percentile99: 4),
      ])
  }

  @Test func inventedNamesDoNotMakeTheGraphLarger() {
    let traces = (0..<500).map { id in
      SpanSamples.trace([
        SpanSamples.span(1, trace: id, service: "a\(id)"),
        SpanSamples.span(2, parent: 1, trace: id, service: "b"),
      ])
    }
    let graph = CallGraph(traces)
    #expect(graph.edges.count == CallGraph.maxEdges)
    #expect(graph.leftOut == 300)
    #expect(GraphPage(graph).html.contains("300 pairs with fewer calls are left out."))
  }
}
