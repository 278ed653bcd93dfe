import Resilience
import Testing

@testable import storefront

@Suite struct TraceTableTests {
  private func span(_ id: UInt64, of trace: UInt64) -> CollectedSpan { SpanSamples.span(id, trace: trace) }

  @Test func whenThereIsNoRoomTheOldestTraceGoesAsAWhole() {
    let cost = span(1, of: 1).cost
    // Room for eight spans.
    var table = TraceTable(maxCost: 8 * cost)
    for trace in 1...4 as ClosedRange<UInt64> {
      table.add(span(1, of: trace))
      table.add(span(2, of: trace))
    }
    #expect(table.newest.map(\.id.low) == [4, 3, 2, 1])
    table.add(span(1, of: 5))
    #expect(table.newest.map(\.id.low) == [5, 4, 3, 2])
    #expect(table.counts.droppedTraces == 1)
    #expect(table.counts.droppedSpans == 2)
    #expect(table.spanCount == 7)
    #expect(table.cost == 7 * cost)
    for trace in 6...5000 as ClosedRange<UInt64> { table.add(span(1, of: trace)) }
    #expect(table.traceCount == 8)
    #expect(table.newest.map(\.id.low) == Array((4993...5000).reversed()))
  }

  @Test func aSpanThatComesAgainIsKeptOnce() {
    var table = TraceTable(maxCost: 1 << 20)
    for _ in 1...3 { table.add(span(1, of: 1)) }
    #expect(table.newest.map(\.spans.count) == [1])
    #expect(table.counts.repeated == 2)
    #expect(table.spanCount == 1)
  }

  @Test func oneTraceDoesNotTakeAllOfTheRoom() {
    let cost = span(1, of: 1).cost
    var table = TraceTable(maxCost: 8 * cost)
    table.add(span(1, of: 9))
    for id in 1...100 as ClosedRange<UInt64> { table.add(span(id, of: 1)) }
    #expect(table.newest.map(\.spans.count) == [2, 1])
    #expect(table.counts.excess == 98)
    #expect(table.counts.droppedTraces == 0)
    #expect(table.spanCount == 3)
  }

  @Test func itsMetricsAreItsCounts() {
    let collector = TraceCollector(maxCost: 1 << 20)
    collector.add([span(1, of: 1), span(1, of: 1), span(2, of: 1), span(1, of: 2)])
    collector.refuse()
    let page = MetricsText(MetricsPage([collector.snapshot()]).text)
    #expect(page.sum("trace_collector_traces") == 2)
    #expect(page.sum("trace_collector_spans") == 3)
    #expect(page.sum("trace_collector_received_spans_total") == 4)
    #expect(page.sum("trace_collector_repeated_spans_total") == 1)
    #expect(page.sum("trace_collector_refused_documents_total") == 1)
    #expect(page.badLines == 0)
  }
}
