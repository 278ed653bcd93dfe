import Foundation
import ResilienceCore
import ResilienceTestKit
import ResilienceTrace
import Testing

/// A span that has to do with a thousand messages, whichever way it is made and wherever it goes.
@Suite struct ManyLinksTests {
  private let store = TraceStore()

  private static func message(_ number: Int) -> TraceIDs {
    TraceIDs(traceHigh: 1, traceLow: UInt64(number), span: 5, flags: 1)
  }

  /// Says in a context that a thousand messages are handled.
  private static func handle(in context: CallContext) {
    for number in 1...1000 { context.emit(SpanAnnotation.link(SpanRecord.Link(to: message(number)))) }
  }

  private func expectTheFirst(
    _ links: Int = 128, of span: SpanRecord, sourceLocation: SourceLocation = #_sourceLocation
  ) {
    #expect(
      span.links.suffix(links).map(\.ids.traceLow) == Array(1...UInt64(links)), sourceLocation: sourceLocation
    )
    #expect(span.droppedLinks == 1000 - links, sourceLocation: sourceLocation)
  }

  @Test func row61_aCallAndAnAttemptKeep128Links() async throws {
    let work = ServiceCall("batch") { (_: Int, context: CallContext) in Self.handle(in: context) }
    try await work.trace(CallTracer(store: store))(1)
    try await FakeRetry(base: work).trace(CallTracer(store: store))(1)
    try await FakeRetry(base: work, maker: .hedgeTry).trace(CallTracer(store: store))(1)
    let spans = store.allSpans.filter { !$0.links.isEmpty }
    #expect(spans.map(\.role) == [.call, .attempt, .hedge])
    for span in spans { expectTheFirst(of: span) }
  }

  @Test func row61_aConsumerKeeps128Links() async throws {
    let handler = EventHandler("batch") { (_: Int, context: CallContext) in Self.handle(in: context) }
    try await handler.trace(CallTracer(store: store), kind: .consumer)(1)
    #expect(store.allSpans.map(\.kind) == [.consumer])
    expectTheFirst(of: store.allSpans[0])
  }

  /// The way back to what was tried before matters more than one message of a thousand.
  @Test func row61_theDeliveryBeforeIsLinkedBesideAThousandMessages() async throws {
    await deliver(times: 2, Self.handle)
    let spans = store.allSpans
    #expect(spans.map(\.links.count) == [128, 128])
    expectTheFirst(of: spans[0])
    #expect(spans[1].links[0].ids == spans[0].ids)
    expectTheFirst(127, of: spans[1])
  }

  @Test func row61_aThousandDeliveriesHaveALinkEach() async throws {
    await deliver(times: 1000) { _ in }
    let spans = store.allSpans
    #expect(spans.count == 1000)
    #expect(spans[0].links.isEmpty)
    for (earlier, later) in zip(spans, spans.dropFirst()) {
      #expect(later.links.map(\.ids) == [earlier.ids])
      #expect(later.droppedLinks == 0)
    }
  }

  /// Deliveries of one event as a bus announces them.
  private func deliver(times: Int, _ work: @escaping @Sendable (CallContext) -> Void) async {
    await CallTracer("shop", store: store).observing {
      for delivery in 1...times {
        var call = CallContext.current
        call.enterSpan(TraceIDs(traceHigh: 1, traceLow: 2, span: 3, flags: 1))
        call.beginAttempt(UInt32(delivery))
        var attempt = call
        attempt.attemptBegan(of: .delivery)
        work(attempt)
        attempt.emit(FakeBusEvent(id: "a"))
        attempt.attemptEnded(of: call, .failure, error: nil)
      }
    }
  }

  @Test func row61_whatIsSentAndShownSaysHowManyLinksAreMissing() async throws {
    await CallTracer(store: store).span("batch", kind: .consumer) { Self.handle(in: .current) }
    let trace = store.traces[0]
    #expect(store.waterfall(of: trace).contains("872 more links were left out"))
    #expect(store.htmlWaterfall(of: trace).contains("872 more links were left out"))
    let sent = SpanBatch(spans: store.allSpans, epoch: UnixTime(nanoseconds: 0))
    try expectSent(OTLPEncoder().encode(sent))
  }

  @Test func row61_aReporterSends128LinksAndTheCount() throws {
    let exporter = LastBatch()
    try Simulation(seed: 1).run { _ in
      let reporter = SpanReporter(to: exporter)
      let tracer = CallTracer(store: TraceStore(capacity: 0), reporter: reporter)
      await tracer.span("batch", kind: .consumer) { Self.handle(in: .current) }
      reporter.finish()
      try await reporter.run()
    }
    let batch = try #require(exporter.batch.withLock { $0 })
    expectTheFirst(of: batch.spans[0])
    try expectSent(OTLPEncoder().encode(batch))
  }

  private final class LastBatch: SpanExporter {
    let batch = Lock<SpanBatch?>(nil)
    func export(_ batch: SpanBatch) async throws { self.batch.withLock { $0 = batch } }
  }

  private func expectSent(_ bytes: [UInt8]) throws {
    let document = try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any]
    let resources = try #require(document?["resourceSpans"] as? [[String: Any]])
    let scopes = try #require(resources[0]["scopeSpans"] as? [[String: Any]])
    let span = try #require((scopes[0]["spans"] as? [[String: Any]])?.first)
    #expect((span["links"] as? [Any])?.count == 128)
    #expect(span["droppedLinksCount"] as? Int == 872)
  }
}
