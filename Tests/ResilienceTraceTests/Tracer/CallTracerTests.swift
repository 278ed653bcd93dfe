import ResilienceCore
import ResilienceTestKit
import Testing

@testable import ResilienceTrace

@Suite struct CallTracerTests {
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
        CallTracer("shop", store: store))(1)
      #expect(innermost.span == store.allSpans.last { $0.role == .attempt }?.ids.span)
    }
    let spans = spans()
    #expect(spans.map(\.role) == [.call, .attempt, .attempt, .attempt])
    #expect(spans.allSatisfy { $0.kind == .client })
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
    let tracer = CallTracer(store: store)
    let inner = ServiceCall("inner") { (_: Int) in }.trace(tracer)
    let outer = ServiceCall("outer") { (_: Int) in try await inner(1) }
    try await FakeRetry(base: outer).trace(tracer)(1)
    let spans = spans()
    #expect(spans.map(\.name) == ["outer", "outer", "inner"])
    #expect(spans[1].parent == spans[0].ids.span)
    #expect(spans[2].parent == spans[1].ids.span)
  }

  @Test func eventsBelongToTheSpanTheyAreEmittedIn() async throws {
    let tracer = CallTracer(store: store)
    await tracer.span("outer") {
      CallContext.current.emit(Retried(attempt: 1))
      await tracer.span("inner") { CallContext.current.emit(Retried(attempt: 2)) }
    }
    #expect(spans("outer")[0].events.map(\.event.description) == ["retry.scheduled attempt=1"])
    #expect(spans("inner")[0].events.map(\.event.description) == ["retry.scheduled attempt=2"])
  }

  @Test func verdictIsTheHandlersAndErrorIsKept() async throws {
    let tracer = CallTracer(store: store)
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
    let tracer = CallTracer(store: store)
    await #expect(throws: Declined.self) { try await tracer.span("a") { throw Declined() } }
    await #expect(throws: Refused.self) { try await tracer.span("b") { throw Refused() } }
    #expect(store.allSpans.map(\.verdict) == [.failure, .neutral])
    #expect(store.allSpans.map(\.error) == ["card declined", "Refused()"])
  }

  @Test func nameAndKindCanBeGiven() async throws {
    let handler = EventHandler("inventory") { (_: Int) in }
    try await handler.trace(CallTracer("shop", store: store), "order_created", kind: .consumer)(1)
    #expect(store.allSpans.map(\.name) == ["order_created"])
    #expect(store.allSpans.map(\.kind) == [.consumer])
    #expect(store.allSpans.map(\.role) == [.delivery])
    #expect(store.allSpans.map(\.service) == ["shop"])
  }

  @Test func freshTraceIsMarkedRandomAndAContinuedOneKeepsTheMark() async throws {
    let call = ServiceCall { (_: Int, context: CallContext) in context.trace }.trace(CallTracer(store: store))
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
    let traced = FakeRetry(base: call).trace(CallTracer(sampler: sampler, store: store))
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
    let shop = CallTracer("shop", store: store)
    let call = ServiceCall("payment") { (_: Int, context: CallContext) in
      if context.attempt == 1 { throw Declined() }
      CallContext.current.emit(Retried(attempt: 9))
    }
    let inner = call.trace(CallTracer("bank", store: store)).trace(shop, "inner")
    try await CallContext.withObserver(recorder) { try await FakeRetry(base: inner).trace(shop, "outer")(1) }
    #expect(recorder.descriptions == ["retry.scheduled attempt=2", "retry.scheduled attempt=9"])
    #expect(spans("outer").map(\.role) == [.call, .attempt, .attempt])
    #expect(spans("inner").map(\.service) == ["shop", "shop"])
    #expect(spans("outer")[0].events.count == 1)
    #expect(spans("payment").map(\.service) == ["bank", "bank"])
    #expect(spans("payment")[1].events.count == 1)
  }

  @Test func aSpanThatIsEndedByHandIsAParentLikeAnyOther() throws {
    let store = TraceStore()
    try Simulation(seed: 4).run { sim in
      let (shop, recorder) = (CallTracer("shop", store: store), EventRecorder())
      try await CallContext.withObserver(recorder) {
        let page = shop.startSpan(kind: .server)
        try await sim.sleep(for: .seconds(2))
        let call = FakeRetry(base: ServiceCall("payment") { (_: Int) in }).trace(shop)
        try await CallContext.withCurrent(page.context) { try await call(1) }
        page.context.emit(SpanAnnotation.attribute("page", .integer(7)))
        page.context.emit(Retried(attempt: 1))
        page.end("GET /", .failure, error: Declined())
      }
      #expect(recorder.descriptions.last == "retry.scheduled attempt=1")
      let late = shop.startSpan(at: sim.now.advanced(by: .seconds(-1)))
      late.end("late")
    }
    let all = store.allSpans
    #expect(all.map(\.name) == ["payment", "payment", "GET /", "late"])
    #expect(all[1].parent == all[2].ids.span)
    #expect(all[2].kind == .server)
    #expect(all[2].duration == .seconds(2))
    #expect(all[2].error == "card declined")
    #expect(all[2].attributes == [EventAttribute("page", .integer(7))])
    #expect(all[2].events.count == 1)
    #expect(all[3].duration == .seconds(1))
    #expect(all[3].parent == 0)
  }

  /// A log that is added within a span: the tracer goes on hearing, once, and the parents are right.
  @Test func anObserverAddedWithinASpanSilencesNoTracer() async throws {
    let recorder = EventRecorder()
    let (shop, bank) = (CallTracer("shop", store: store), CallTracer("bank", store: store))
    let payment = ServiceCall("payment") { (_: Int, context: CallContext) in
      if context.attempt == 1 { throw Declined() }
    }
    let order = FakeRetry(base: payment).trace(bank, "order").trace(shop, "cart")
    try await shop.span("page") { try await CallContext.withAddedObserver(recorder) { try await order(1) } }
    #expect(recorder.descriptions == ["retry.scheduled attempt=2"])
    let all = spans()
    #expect(all.map(\.name) == ["page", "cart", "order", "order", "order"])
    #expect(all.map(\.service) == ["shop", "shop", "bank", "bank", "bank"])
    #expect(all.dropFirst().map(\.parent) == [all[0], all[1], all[2], all[2]].map(\.ids.span))
    #expect(all[2].events.count == 1)
  }

  @Test func unsampledSpanInsideASampledOneRecordsNothing() async throws {
    let quiet = ServiceCall("payment") { (_: Int, context: CallContext) in context.emit(Retried(attempt: 1)) }
    let call = FakeRetry(base: quiet).trace(CallTracer(sampler: .never, store: store))
    try await CallTracer(store: store).span("outer") { try await call(1) }
    #expect(spans().map(\.name) == ["outer"])
    #expect(store.snapshot().events == 0)
  }

  @Test func observerOutsideIsLetGo() async throws {
    var recorder: EventRecorder? = EventRecorder()
    weak let released = recorder
    let call = ServiceCall("payment") { (_: Int) in }.trace(CallTracer(store: store))
    if let recorder { try await CallContext.withObserver(recorder) { try await call(1) } }
    recorder = nil
    #expect(released == nil)
  }

  @Test func tracersOfTwoServicesShareATrace() async throws {
    let shop = CallTracer("shop", store: store)
    let bank = CallTracer("bank", store: store)
    let charge = FakeRetry(base: ServiceCall("charge") { (_: Int) in }).trace(bank)
    let order = FakeRetry(base: ServiceCall("order") { (_: Int) in try await charge(1) }).trace(shop)
    try await order(1)
    let spans = spans()
    #expect(spans.map(\.service) == ["shop", "shop", "bank", "bank"])
    #expect(spans.map(\.name) == ["order", "order", "charge", "charge"])
    #expect(store.traces.count == 1)
  }

  @Test func row90_workThatOutlivesItsTracerReachesTheStore() async throws {
    var tracer: CallTracer? = CallTracer("shop", store: store)
    weak let released = tracer
    let context = await tracer?.span("call") { CallContext.current }
    tracer = nil
    #expect(released == nil)
    #expect(context?.isObserved == true)
    context?.emit(Retried(attempt: 1))
    #expect(store.snapshot().events == 1)
    #expect(spans("call")[0].events.count == 1)
  }

  @Test func whatOutlivesTheStoreIsNotHeard() async throws {
    var store: TraceStore? = TraceStore()
    weak let released = store
    let context = await CallTracer(store: store ?? TraceStore()).span("call") { CallContext.current }
    store = nil
    #expect(released == nil)
    context.emit(Retried(attempt: 1))
  }

  @Test func row90_workThatOutlivesItsSpanReachesTheStoreAndTheObserverOutside() throws {
    let store = TraceStore()
    try Simulation(seed: 4).run { sim in
      var recorder: EventRecorder? = EventRecorder()
      weak let kept = recorder
      let tracer = CallTracer("shop", store: store)
      let late = FakeRetry(
        base: ServiceCall("late") { (_: Int, context: CallContext) in
          if context.attempt == 1 { throw Declined() }
        })
      try await withThrowingTaskGroup { group in
        let gate = AsyncStream.makeStream(of: Task<Void, any Error>.self)
        if let recorder {
          _ = try await CallContext.withObserver(recorder) {
            try await ServiceCall("order") { (_: Int) in
              // What a framework starts, and nobody waits for.
              gate.continuation.yield(
                Task(executorPreference: CallContext.current.executor) {
                  try await sim.sleep(for: .seconds(1))
                  try await late(1)
                })
            }.trace(tracer)(1)
          }
        }
        #expect(store.allSpans.map(\.name) == ["order"])
        #expect(recorder?.descriptions == [])
        recorder = nil
        #expect(kept != nil)
        var tasks = gate.stream.makeAsyncIterator()
        guard let task = await tasks.next() else { return }
        group.addTask { try await task.value }
        try await group.waitForAll()
        _ = kept.map { #expect($0.descriptions == ["retry.scheduled attempt=2"]) }
      }
      // The last task is gone, and with it what it inherited.
      #expect(kept == nil)
    }
    let spans = store.spans(inTrace: store.traces[0])
    #expect(spans.map(\.role) == [.call, .attempt, .attempt])
    #expect(spans[0].events.map(\.event.description) == ["retry.scheduled attempt=2"])
  }

  @Test func idsComeFromTheContext() throws {
    let run = { (seed: UInt64) in
      let store = TraceStore()
      try Simulation(seed: seed).run { sim in
        let call = ServiceCall("payment") { (_: Int) in try await sim.sleep(for: .milliseconds(1)) }
        let traced = FakeRetry(base: call).trace(CallTracer(store: store))
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
    try await FakeRetry(base: call).trace(CallTracer(store: store))(1)
    try await call.trace(CallTracer(sampler: .never))(1)
    await CallTracer(store: store).span("inline") { MainActor.preconditionIsolated() }
  }

  @Test func spanWorksInsideAnActorOnItsOwnState() async throws {
    final class NotSendable { var count = 0 }
    actor Shelf {
      let tracer: CallTracer
      var stock = 3

      init(_ tracer: CallTracer) { self.tracer = tracer }

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
    #expect(await Shelf(CallTracer(store: store)).take() == 2)
    #expect(spans("take").count == 1)
  }

  @Test func whatIsSaidOfASpanIsKept() async throws {
    let other = TraceIDs(traceHigh: 7, traceLow: 8, span: 9, flags: 1)
    await CallTracer(store: store).span("order", kind: .server) {
      let context = CallContext.current
      context.emit(SpanAnnotation.attribute("items", .integer(2)))
      context.emit(SpanAnnotation.attribute("customer", .string("9")))
      context.emit(SpanAnnotation.attribute("items", .integer(3)))
      context.emit(SpanAnnotation.link(SpanRecord.Link(to: other)))
      context.emit(SpanAnnotation.link(SpanRecord.Link(to: .none)))
      context.emit(SpanAnnotation.status(.error("late")))
    }
    let span = spans()[0]
    #expect(span.kind == .server)
    #expect(
      span.attributes == [EventAttribute("items", .integer(3)), EventAttribute("customer", .string("9"))])
    #expect(span.links == [SpanRecord.Link(to: other)])
    #expect(span.status == .error("late"))
    #expect(span.verdict == .success)
    #expect(span.events.isEmpty)
  }

  @Test func statusOKHolds() async throws {
    await #expect(throws: Declined.self) {
      try await CallTracer(store: store).span("a") {
        CallContext.current.emit(SpanAnnotation.status(.ok))
        CallContext.current.emit(SpanAnnotation.status(.error("no")))
        throw Declined()
      }
    }
    await #expect(throws: Declined.self) { try await CallTracer(store: store).span("b") { throw Declined() } }
    #expect(store.allSpans.map(\.status) == [.ok, .error("card declined")])
  }

  @Test func theNumberOfTheRetryIsAnAttribute() async throws {
    let call = ServiceCall("payment") { (_: Int, context: CallContext) in
      if context.attempt < 3 { throw Declined() }
    }
    try await FakeRetry(base: call).trace(CallTracer(store: store))(1)
    let maker = EventAttribute("attempt.maker", .string("retry"))
    #expect(
      spans().map(\.attributes) == [
        [], [maker], [maker, EventAttribute("call.resend_count", .integer(1))],
        [maker, EventAttribute("call.resend_count", .integer(2))],
      ])
  }

  @Test func anAttemptSaysWhetherARetryOrAHedgeMakesIt() async throws {
    let tracer = CallTracer(store: store)
    let inner = FakeRetry(base: ServiceCall("inner") { (_: Int) in }).trace(tracer)
    let outer = ServiceCall("outer") { (_: Int) in try await inner(1) }
    let hedge = FakeRetry(base: FakeRetry(base: outer, maker: .hedgeTry))
    try await hedge.trace(tracer)(1)
    // What a nested call's attempts are does not follow from its caller's.
    #expect(spans().map(\.role) == [.call, .attempt, .hedge, .call, .attempt])
    #expect(
      spans().map { $0.attributes.first { $0.name == "attempt.maker" }?.value } == [
        nil, .string("retry"), .string("hedge"), nil, .string("retry"),
      ])
  }

  @Test func row61_aBatchOfAThousandKeeps128LinksAndTheCount() async throws {
    let store = TraceStore()
    await CallTracer(store: store).span("batch", kind: .consumer) {
      for number in 1...1000 {
        let message = TraceIDs(traceHigh: 1, traceLow: UInt64(number), span: 5, flags: 1)
        CallContext.current.emit(SpanAnnotation.link(SpanRecord.Link(to: message)))
      }
    }
    let span = store.allSpans[0]
    #expect(span.links.map(\.ids.traceLow) == Array(1...128))
    #expect(span.droppedLinks == 872)
    #expect(store.waterfall(of: store.traces[0]).contains("872 more links were left out"))
  }

  @Test func limitsHoldAndWhatIsLeftOutIsCounted() async throws {
    let store = TraceStore(limits: SpanLimits(attributes: 2, events: 1, links: 0, valueLength: 3))
    await CallTracer(store: store).span("a") {
      let context = CallContext.current
      for number in 1...3 {
        context.emit(SpanAnnotation.attribute("k\(number)", .string("value")))
        context.emit(Retried(attempt: UInt16(number)))
        context.emit(SpanAnnotation.link(SpanRecord.Link(to: context.trace)))
      }
      context.emit(SpanAnnotation.attribute("k1", .string("w")))
    }
    let span = store.allSpans[0]
    #expect(
      span.attributes == [EventAttribute("k1", .string("w")), EventAttribute("k2", .string("val"))])
    #expect(span.events.map(\.event.description) == ["retry.scheduled attempt=1"])
    #expect(span.links.isEmpty)
    #expect((span.droppedAttributes, span.droppedEvents, span.droppedLinks) == (1, 2, 3))
  }

  @Test func aTracerThatKeepsNothingStillPropagates() async throws {
    let tracer = CallTracer(store: TraceStore(capacity: 0))
    let trace = await tracer.span("a") {
      CallContext.current.emit(Retried(attempt: 1))
      return CallContext.current.trace
    }
    #expect(trace.isSampled)
    #expect(tracer.store.allSpans.isEmpty)
    #expect(tracer.snapshot().recordedSpans == 0)
  }

  /// What a bus hands a handler whose event was published outside a trace: a trace id that the event has kept
  /// since, and no span.
  @Test(arguments: [Sampler.always, .parentBased()])
  func row102_deliveriesOfAnEventThatWasPublishedOutsideATraceAreOneTrace(_ sampler: Sampler) async throws {
    let handler = EventHandler("inventory") { (_: Int) in }
      .trace(CallTracer(sampler: sampler, store: store), kind: .consumer)
    for delivery in 1...3 {
      var context = CallContext.current
      context.enterSpan(TraceIDs(traceHigh: 1, traceLow: 2, span: 0, flags: 2))
      context.beginAttempt(UInt32(delivery))
      try await handler.handle(1, context: context)
    }
    #expect(store.traces == [TraceID(high: 1, low: 2)])
    #expect(spans().map(\.attempt) == [1, 2, 3])
    #expect(spans().allSatisfy { $0.parent == 0 && $0.ids.flags == 3 })
  }

  @Test func row102_deliveriesThatAreHeardFromOutsideAreOneTrace() async throws {
    let tracer = CallTracer("shop", store: store)
    for delivery in 1...3 {
      await tracer.observing {
        var call = CallContext.current
        call.enterSpan(TraceIDs(traceHigh: 1, traceLow: 2, span: 0, flags: 2))
        call.beginAttempt(UInt32(delivery))
        var attempt = call
        attempt.attemptBegan(of: .delivery)
        attempt.attemptEnded(of: call, .success, error: nil)
      }
    }
    #expect(store.traces == [TraceID(high: 1, low: 2)])
    #expect(Set(spans().map(\.ids.span)).count == 3)
  }

  @Test func deliveriesAreLinkedToTheOnesBefore() async throws {
    let store = store
    let tracer = CallTracer("shop", store: store)
    let published = TraceIDs(traceHigh: 1, traceLow: 2, span: 3, flags: 1)
    await tracer.observing {
      // Two events of one publisher, each delivered again; the first is redriven after it was given up.
      for (id, delivery) in [("a", 1), ("b", 1), ("a", 2), ("b", 2), ("a", 1)] {
        var call = CallContext.current
        call.enterSpan(published)
        call.beginAttempt(UInt32(delivery))
        var attempt = call
        attempt.attemptBegan(of: .delivery)
        attempt.emit(FakeBusEvent(id: id))
        attempt.attemptEnded(of: call, .failure, error: nil)
      }
    }
    let spans = store.allSpans
    #expect(spans.map(\.role) == Array(repeating: .delivery, count: 5))
    #expect(spans.map(\.name) == Array(repeating: "billing", count: 5))
    #expect(
      spans.map { $0.links.map(\.ids.span) } == [
        [], [], [spans[0].ids.span], [spans[1].ids.span], [spans[2].ids.span],
      ])
  }

  @Test func row103_aSpanIDSaysNothingAboutTheNext() async throws {
    var ids: [UInt64] = []
    for _ in 0..<2000 {
      let trace = await CallTracer(store: store).span("a") { CallContext.current.trace }
      ids += [trace.traceHigh, trace.traceLow, trace.span]
    }
    #expect(Set(ids).count == ids.count)
    // The sequence of SplitMix64, which a process had: each output gives away the state, and with it the next
    // one.
    let mixed = (0..<200).map { SplitMix64.mix(ids[$0] &+ SplitMix64.gamma) }
    #expect(Set(mixed).isDisjoint(with: ids))
    let unmixed = ids.map(unmix)
    let steps = zip(unmixed, unmixed.dropFirst()).map { $1 &- $0 }
    #expect(!steps.contains(SplitMix64.gamma))
    #expect(Set(steps).count == steps.count)
    // Each bit is set about as often as not: 3000 of 6000, five standard deviations being 194.
    for bit in 0..<64 {
      let set = ids.count { $0 >> bit & 1 == 1 }
      #expect((2800...3200).contains(set), "bit \(bit) is set in \(set) of \(ids.count)")
    }
  }

  @Test func row103_twoProcessesWalkDifferentSequences() {
    let sources = (0..<20).map { _ in TraceIDSource() }
    let ids = sources.flatMap { source in (0..<500).map { _ in source.next() } }
    #expect(Set(ids).count == ids.count)
    // Three at a time are those that come one by one.
    let trace = sources[0].root()
    let three: Set<UInt64> = [trace.traceHigh, trace.traceLow, trace.span]
    #expect(three.isDisjoint(with: ids))
    #expect(!ids.contains(0) && trace.flags == 2)
  }

  /// Undoes ``SplitMix64/mix(_:)``.
  private func unmix(_ value: UInt64) -> UInt64 {
    var z = value
    z = z ^ (z >> 31) ^ (z >> 62)
    z = z &* 0x3196_42B2_D24D_8EC3
    z = z ^ (z >> 27) ^ (z >> 54)
    z = z &* 0x96DE_1B17_3F11_9089
    return z ^ (z >> 30) ^ (z >> 60)
  }

  @Test func unmixUndoesTheMixer() {
    #expect(unmix(SplitMix64.mix(0x1234_5678_9ABC_DEF0)) == 0x1234_5678_9ABC_DEF0)
  }
}
