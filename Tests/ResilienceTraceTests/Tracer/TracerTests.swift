import ResilienceCore
import ResilienceTestKit
import ResilienceTrace
import Testing

@Suite struct TracerTests {
  private let store = TraceStore()

  private func spans(_ name: String? = nil) -> [SpanRecord] {
    store.traces.flatMap(store.spans(inTrace:)).filter { name == nil || $0.name == name }
  }

  @Test func everyAttemptIsASpanOfItsOwn() throws {
    let store = store
    try Simulation(seed: 7).run { sim in
      let call = ServiceCall("payment") { (_: Int, context: CallContext) in
        try await sim.sleep(for: .milliseconds(10))
        if context.attempt < 3 { throw Declined() }
        return context.trace
      }
      let innermost = try await FakeRetry(base: call, delay: .milliseconds(5)).trace(
        Tracer("shop", store: store))(1)
      #expect(innermost.span == store.allSpans.last { $0.kind == .attempt }?.ids.span)
    }
    let spans = spans()
    #expect(spans.map(\.kind) == [.call, .attempt, .attempt, .attempt])
    #expect(spans.map(\.name) == ["payment", "payment", "payment", "payment"])
    #expect(spans.map(\.attempt) == [1, 1, 2, 3])
    #expect(spans.map(\.verdict) == [.success, .failure, .failure, .success])
    #expect(spans.map(\.start.nanoseconds) == [0, 0, 15_000_000, 30_000_000])
    #expect(
      spans.map(\.duration) == [.milliseconds(40), .milliseconds(10), .milliseconds(10), .milliseconds(10)])
    #expect(spans[0].parent == 0)
    #expect(spans[1...].allSatisfy { $0.parent == spans[0].ids.span })
    #expect(Set(spans.map(\.ids.span)).count == 4)
    #expect(Set(spans.map(\.ids.traceID)).count == 1)
    #expect(
      spans[0].events.map(\.event.description) == ["retry.scheduled attempt=2", "retry.scheduled attempt=3"])
    #expect(spans[0].events.map(\.instant.nanoseconds) == [10_000_000, 25_000_000])
    #expect(spans[1...].allSatisfy { $0.events.isEmpty })
  }

  @Test func nestedCallsBelongToTheAttemptTheyAreMadeIn() async throws {
    let tracer = Tracer(store: store)
    let inner = ServiceCall("inner") { (_: Int) in }.trace(tracer)
    let outer = ServiceCall("outer") { (_: Int) in try await inner(1) }
    try await FakeRetry(base: outer).trace(tracer)(1)
    let spans = spans()
    #expect(spans.map(\.name) == ["outer", "outer", "inner"])
    #expect(spans[1].parent == spans[0].ids.span)
    #expect(spans[2].parent == spans[1].ids.span)
  }

  @Test func eventsBelongToTheSpanTheyAreEmittedIn() async throws {
    let tracer = Tracer(store: store)
    await tracer.span("outer") {
      CallContext.current.emit(Retried(attempt: 1))
      await tracer.span("inner") { CallContext.current.emit(Retried(attempt: 2)) }
    }
    #expect(spans("outer")[0].events.map(\.event.description) == ["retry.scheduled attempt=1"])
    #expect(spans("inner")[0].events.map(\.event.description) == ["retry.scheduled attempt=2"])
  }

  @Test func verdictIsTheHandlersAndErrorIsKept() async throws {
    let tracer = Tracer(store: store)
    let call = ServiceCall("payment") { (status: Int) in
      switch status {
      case 0: throw Declined()
      case 1: throw CancellationError()
      case 2: throw Refused()
      default: status
      }
    }
    .classify { if case .success(503) = $0 { .failure } else { nil } }
    .trace(tracer)
    await #expect(throws: Declined.self) { try await call(0) }
    await #expect(throws: CancellationError.self) { try await call(1) }
    await #expect(throws: Refused.self) { try await call(2) }
    #expect(try await call(200) == 200)
    #expect(try await call(503) == 503)
    #expect(store.allSpans.map(\.verdict) == [.failure, .failure, .neutral, .success, .failure])
    #expect(store.allSpans.map(\.error) == ["card declined", "CancellationError()", "Refused()", nil, nil])
  }

  @Test func spanCountsItsErrors() async throws {
    let tracer = Tracer(store: store)
    await #expect(throws: Declined.self) { try await tracer.span("a") { throw Declined() } }
    await #expect(throws: Refused.self) { try await tracer.span("b") { throw Refused() } }
    #expect(store.allSpans.map(\.verdict) == [.failure, .neutral])
    #expect(store.allSpans.map(\.error) == ["card declined", "Refused()"])
  }

  @Test func nameAndKindCanBeGiven() async throws {
    let handler = EventHandler("inventory") { (_: Int) in }
    try await handler.trace(Tracer("shop", store: store), "order_created", kind: .delivery)(1)
    #expect(store.allSpans.map(\.name) == ["order_created"])
    #expect(store.allSpans.map(\.kind) == [.delivery])
    #expect(store.allSpans.map(\.service) == ["shop"])
  }

  @Test func freshTraceIsMarkedRandomAndAContinuedOneKeepsTheMark() async throws {
    let call = ServiceCall { (_: Int, context: CallContext) in context.trace }.trace(Tracer(store: store))
    #expect(try await call(1).flags == 3)
    var context = CallContext.current
    context.enterSpan(TraceIDs(traceHigh: 1, traceLow: 2, span: 3, flags: 1))
    let continued = try await call.handle(1, context: context)
    #expect(continued.flags == 1)
    #expect(continued.traceID == TraceID(high: 1, low: 2))
    #expect(continued.span != 3)
    #expect(store.allSpans.last?.parent == 3)
  }

  @Test(arguments: [Sampler.never, .parentBased(root: .never)])
  func row62_unsampledTracerStillPropagates(_ sampler: Sampler) async throws {
    let propagator = W3CTraceContextPropagator()
    let call = ServiceCall("payment") { (_: Int, context: CallContext) in
      context.emit(Retried(attempt: 1))
      var headers: [String: String] = [:]
      propagator.inject(.current, into: &headers)
      return headers
    }
    let traced = FakeRetry(base: call).trace(Tracer(sampler: sampler, store: store))
    let incoming = [
      "traceparent": "00-12345678901234567890123456789012-1234567890123456-02", "tracestate": "rojo=1",
    ]
    let outgoing = try await propagator.withExtracted(from: incoming) { try await traced(1) }
    let ids = try #require(TraceIDs(traceparent: outgoing["traceparent"] ?? ""))
    #expect(ids.traceID.description == "12345678901234567890123456789012")
    #expect(ids.span != 0x1234_5678_9012_3456)
    #expect(ids.flags == 2)
    #expect(outgoing["tracestate"] == "rojo=1")
    // Without anything to continue, ids are made all the same.
    let freshHeaders = try await traced(1)
    let fresh = try #require(TraceIDs(traceparent: freshHeaders["traceparent"] ?? ""))
    #expect(fresh.flags == 2)
    #expect(store.allSpans.isEmpty)
    #expect(store.snapshot().events == 0)
  }

  @Test func observerOutsideHearsOfAttemptsAndEventsToo() async throws {
    let recorder = EventRecorder()
    let shop = Tracer("shop", store: store)
    let call = ServiceCall("payment") { (_: Int, context: CallContext) in
      if context.attempt == 1 { throw Declined() }
      CallContext.current.emit(Retried(attempt: 9))
    }
    let inner = call.trace(Tracer("bank", store: store)).trace(shop, "inner")
    try await CallContext.withObserver(recorder) { try await FakeRetry(base: inner).trace(shop, "outer")(1) }
    #expect(recorder.descriptions == ["retry.scheduled attempt=2", "retry.scheduled attempt=9"])
    #expect(spans("outer").map(\.kind) == [.call, .attempt, .attempt])
    #expect(spans("inner").map(\.service) == ["shop", "shop"])
    #expect(spans("outer")[0].events.count == 1)
    #expect(spans("payment").map(\.service) == ["bank", "bank"])
    #expect(spans("payment")[1].events.count == 1)
  }

  @Test func unsampledSpanInsideASampledOneRecordsNothing() async throws {
    let quiet = ServiceCall("payment") { (_: Int, context: CallContext) in context.emit(Retried(attempt: 1)) }
    let call = FakeRetry(base: quiet).trace(Tracer(sampler: .never, store: store))
    try await Tracer(store: store).span("outer") { try await call(1) }
    #expect(spans().map(\.name) == ["outer"])
    #expect(store.snapshot().events == 0)
  }

  @Test func observerOutsideIsLetGo() async throws {
    var recorder: EventRecorder? = EventRecorder()
    weak let released = recorder
    let call = ServiceCall("payment") { (_: Int) in }.trace(Tracer(store: store))
    if let recorder { try await CallContext.withObserver(recorder) { try await call(1) } }
    recorder = nil
    #expect(released == nil)
  }

  @Test func tracersOfTwoServicesShareATrace() async throws {
    let shop = Tracer("shop", store: store)
    let bank = Tracer("bank", store: store)
    let charge = FakeRetry(base: ServiceCall("charge") { (_: Int) in }).trace(bank)
    let order = FakeRetry(base: ServiceCall("order") { (_: Int) in try await charge(1) }).trace(shop)
    try await order(1)
    let spans = spans()
    #expect(spans.map(\.service) == ["shop", "shop", "bank", "bank"])
    #expect(spans.map(\.name) == ["order", "order", "charge", "charge"])
    #expect(store.traces.count == 1)
  }

  @Test func taskThatOutlivesItsTracerRecordsNothing() async throws {
    var tracer: Tracer? = Tracer(store: store)
    weak let released = tracer
    let context = await tracer?.span("call") { CallContext.current }
    tracer = nil
    #expect(released == nil)
    #expect(context?.isObserved == true)
    context?.emit(Retried(attempt: 1))
    #expect(store.snapshot().events == 0)
  }

  @Test func idsComeFromTheContext() throws {
    let run = { (seed: UInt64) in
      let store = TraceStore()
      try Simulation(seed: seed).run { sim in
        let call = ServiceCall("payment") { (_: Int) in try await sim.sleep(for: .milliseconds(1)) }
        let traced = FakeRetry(base: call).trace(Tracer(store: store))
        try await withThrowingTaskGroup { group in
          for _ in 0..<5 { group.addTask { try await traced(1) } }
          try await group.waitForAll()
        }
      }
      return store.traces.map(store.waterfall).joined()
    }
    #expect(try run(3) == run(3))
    #expect(try run(3) != run(4))
  }

  @MainActor
  @Test func staysOnTheCallersActor() async throws {
    let call = ServiceCall("payment") { (_: Int) in MainActor.preconditionIsolated() }
    try await FakeRetry(base: call).trace(Tracer(store: store))(1)
    try await call.trace(Tracer(sampler: .never))(1)
    await Tracer(store: store).span("inline") { MainActor.preconditionIsolated() }
  }

  @Test func spanWorksInsideAnActorOnItsOwnState() async throws {
    final class NotSendable { var count = 0 }
    actor Shelf {
      let tracer: Tracer
      var stock = 3

      init(_ tracer: Tracer) { self.tracer = tracer }

      func take() async -> Int {
        let result = await tracer.span("take") {
          self.preconditionIsolated()
          stock -= 1
          let result = NotSendable()
          result.count = stock
          return result
        }
        return result.count
      }
    }
    #expect(await Shelf(Tracer(store: store)).take() == 2)
    #expect(spans("take").count == 1)
  }
}
