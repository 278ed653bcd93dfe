import Instrumentation
import ResilienceCore
import ResilienceDistributedTracing
import ResilienceTestKit
import ResilienceTrace
import Testing
import Tracing

@Suite struct ResilienceTracerTests {
  private struct Down: Error {}

  private let store = TraceStore()
  private var shop: CallTracer { CallTracer("shop", store: store) }
  private func span(_ name: String) throws -> SpanRecord {
    try #require(store.allSpans.first { $0.name == name && $0.role == .call }, "no span \(name)")
  }

  /// What another package says with `withSpan` inside a call is the call's child.
  @Test func withSpanInsideATraceIsItsChild() async throws {
    let tracer = ResilienceTracer(shop)
    let charge = ServiceCall("charge") { (_: Void) in
      await tracer.withSpan("query", ofKind: .client) { span in
        span.attributes["db.system"] = "postgresql"
        await tracer.withSpan("parse") { _ in await Task.yield() }
      }
    }.trace(shop)
    try await charge()
    let (call, query, parse) = (try span("charge"), try span("query"), try span("parse"))
    #expect(call.parent == 0)
    #expect(query.parent == call.ids.span)
    #expect(parse.parent == query.ids.span)
    #expect(Set([call, query, parse].map(\.ids.traceID)).count == 1)
    #expect(query.kind == .client)
    #expect(query.service == "shop")
    #expect(query.attributes == [EventAttribute("db.system", .string("postgresql"))])
  }

  /// A call of the toolkit inside a `withSpan` is its child, its attempts are recorded, and a `withSpan`
  /// inside that is the child of the call.
  @Test(arguments: [true, false]) func aCallJoinsTheSpanAroundIt(isTraced: Bool) async throws {
    let tracer = ResilienceTracer(shop)
    let work = ServiceCall("charge") { (_: Void) in await tracer.withSpan("query") { _ in await Task.yield() }
    }
    try await tracer.withSpan("checkout") { _ in
      if isTraced {
        try await work.trace(shop).joiningServiceContext()()
      } else {
        try await ServiceContext.joined { try await work.trace(shop)() }
      }
    }
    let (outer, call, query) = (try span("checkout"), try span("charge"), try span("query"))
    #expect(outer.parent == 0)
    #expect(call.parent == outer.ids.span)
    #expect(query.parent == call.ids.span)
  }

  /// What it counts as is what the error amounts to: the toolkit's refusals are neutral.
  @Test func anErrorIsAFailureAndARefusalIsNot() async throws {
    struct Refused: Rejection { var retryAt: Instant? { nil } }
    let tracer = ResilienceTracer(shop)
    try? tracer.withSpan("fails") { _ in throw Down() }
    try? tracer.withSpan("refused") { _ in throw Refused() }
    let (failed, refused) = (try span("fails"), try span("refused"))
    #expect(failed.verdict == .failure)
    #expect(failed.status == .error("Down()"))
    #expect(failed.events.map(\.event.name) == ["exception"])
    #expect(
      failed.events.first?.event.attributes.last == EventAttribute("exception.message", .string("Down()")))
    #expect(refused.verdict == .neutral)
    #expect(refused.status == .unset)
  }

  @Test func nameStatusEventsAndLinksAreTheSpans() throws {
    let tracer = ResilienceTracer(shop)
    let other = tracer.startSpan("other")
    let span = tracer.startSpan("job")
    span.operationName = "job 7"
    span.addEvent(SpanEvent(name: "half", attributes: ["percent": 50]))
    span.addLink(SpanLink(context: other.context, attributes: [:]))
    span.setStatus(SpanStatus(code: .error, message: "too late"))
    #expect(span.isRecording)
    span.end()
    span.end()
    span.addEvent("after")
    #expect(!span.isRecording)
    other.end()
    let job = try self.span("job 7")
    #expect(store.allSpans.count == 2)
    #expect(job.status == .error("too late"))
    #expect(job.events.map(\.event.name) == ["half"])
    #expect(job.links.map(\.ids) == [try self.span("other").ids])
  }

  /// Of a trace that is not sampled nothing is recorded, and its ids go on.
  @Test func whatIsNotSampledIsNotRecorded() async throws {
    let tracer = ResilienceTracer(CallTracer("shop", sampler: .never, store: store))
    let span = tracer.startSpan("quiet")
    #expect(!span.isRecording)
    span.end()
    #expect(store.allSpans.isEmpty)
  }

  /// In virtual time a span begins and ends on the simulation's clock.
  @Test func itsTimesAreTheCallsClocks() throws {
    let tracer = ResilienceTracer(shop)
    try Simulation(seed: 5).run { simulation in
      try await tracer.withSpan("slow") { _ in try await simulation.sleep(for: .seconds(3)) }
    }
    #expect(try span("slow").duration == .seconds(3))
  }
}
