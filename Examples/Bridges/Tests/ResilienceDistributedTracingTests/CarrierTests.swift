import Instrumentation
import ResilienceCore
import ResilienceDistributedTracing
import ResilienceTrace
import Testing
import Tracing

/// One process's tracer: `InstrumentationSystem` is bound for the task, so that the tests do not share one.
@Suite struct CarrierTests {
  private struct Fields: Injector, Extractor {
    func inject(_ value: String, forKey key: String, into carrier: inout [String: String]) {
      carrier[key] = value
    }
    func extract(key: String, from carrier: [String: String]) -> String? { carrier[key] }
  }

  /// A tracer that is not the toolkit's, and writes W3C's field.
  private struct Foreign: Tracer {
    enum Key: InstrumentationContextKey { typealias Value = String }

    func startSpan<Instant: TracerInstant>(
      _ operationName: String, context: @autoclosure () -> InstrumentationContext, ofKind kind: SpanKind,
      at instant: @autoclosure () -> Instant, function: String, file fileID: String, line: UInt
    ) -> NoOpTracer.NoOpSpan {
      NoOpTracer.NoOpSpan(context: context())
    }

    func forceFlush() {}

    func extract<Carrier, Extract: Extractor>(
      _ carrier: Carrier, into context: inout InstrumentationContext, using extractor: Extract
    ) where Extract.Carrier == Carrier {
      context[Key.self] = extractor.extract(key: "traceparent", from: carrier)
    }

    func inject<Carrier, Inject: Injector>(
      _ context: InstrumentationContext, into carrier: inout Carrier, using injector: Inject
    ) where Inject.Carrier == Carrier {
      if let value = context[Key.self] { injector.inject(value, forKey: "traceparent", into: &carrier) }
    }
  }

  private let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
  private let store = TraceStore()

  @Test func aTraceComesInAndGoesOut() async throws {
    let tracer = ResilienceTracer(CallTracer("shop", store: store))
    var context = ServiceContext.topLevel
    tracer.extract(["traceparent": parent, "tracestate": "a=1"], into: &context, using: Fields())
    let span = tracer.startSpan("request", context: context, ofKind: .server)
    var fields: [String: String] = [:]
    tracer.inject(span.context, into: &fields, using: Fields())
    span.end()
    let record = try #require(store.allSpans.first)
    #expect(record.ids.traceID.description == "4bf92f3577b34da6a3ce929d0e0e4736")
    #expect(record.parent == 0x00f0_67aa_0ba9_02b7)
    #expect(fields == ["traceparent": record.ids.traceparent, "tracestate": "a=1"])
  }

  @Test(arguments: ["", "00-0-0-0", "nonsense"]) func whatIsNoTraceIsIgnored(field: String) {
    let tracer = ResilienceTracer(CallTracer("shop", store: store))
    var context = ServiceContext.topLevel
    tracer.extract(["traceparent": field], into: &context, using: Fields())
    #expect(context.isEmpty)
  }

  /// Inside a call the newest span goes out, whichever of the two has it.
  @Test func theNewestSpanGoesOut() async throws {
    let shop = CallTracer("shop", store: store)
    let tracer = ResilienceTracer(shop)
    @Sendable func sent() -> TraceIDs? {
      var fields: [String: String] = [:]
      tracer.inject(ServiceContext.current ?? .topLevel, into: &fields, using: Fields())
      return fields["traceparent"].flatMap { TraceIDs(traceparent: $0) }
    }
    #expect(sent() == nil)
    try await tracer.withSpan("a") { _ in
      try await ServiceCall("b") { (_: Void) in
        #expect(sent() == CallContext.current.trace)
        tracer.withSpan("c") { _ in #expect(sent() != CallContext.current.trace) }
        #expect(sent() == CallContext.current.trace)
      }.trace(shop).joiningServiceContext()()
    }
    #expect(store.allSpans.map(\.name) == ["c", "b", "a"])
  }

  /// Another tracer's trace is carried by the toolkit's calls, and the toolkit's by another tracer.
  @Test func anotherTracersTraceIsCarriedBothWays() async throws {
    let ids = try #require(TraceIDs(traceparent: parent))
    try await withTracer(Foreign()) {
      var context = ServiceContext.topLevel
      context[Foreign.Key.self] = parent
      let call = ServiceCall("charge") { (_: Void, context: CallContext) in context.trace }
        .joiningServiceContext()
      let trace = try await ServiceContext.withValue(context) { try await call() }
      #expect(trace == ids)

      var inside = CallContext.current
      inside.enterSpan(ids)
      let bound = await CallContext.withCurrent(inside) {
        await ServiceContext.bound { ServiceContext.current?[Foreign.Key.self] }
      }
      #expect(bound == parent)
    }
  }
}
