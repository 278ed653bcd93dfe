import Resilience
import ResilienceTestKit
import Testing

private struct Down: Error {}

/// The deliveries of an event are spans of one trace, each linked to the one before, whatever happens to the
/// event between.
@Suite struct DeliveredTraceTests {
  private static let placed = EventType<Int>("order_placed")

  /// A bus whose only group fails the deliveries that `fails` picks of all, and work that goes on while it
  /// runs.
  private static func deliveries(
    maxDeliveries: Int, tracedFrom sampler: Sampler = .always, fails: @escaping @Sendable (Int) -> Bool,
    _ work: @escaping @Sendable (EventBus, CallTracer) async throws -> Void
  ) throws -> TraceStore {
    let store = TraceStore()
    try Simulation(seed: 5).run { _ in
      let tracer = CallTracer("shop", sampler: sampler, store: store)
      let bus = EventBus(source: "shop")
      let total = Counter()
      try bus.subscribe(
        to: placed, group: "mail",
        policy: DeliveryPolicy(
          maxDeliveries: maxDeliveries, backoff: .constant(.milliseconds(100), jitter: .none)),
        handler: EventHandler("send") { (_: Event<Int>) in
          if fails(total.next()) { throw Down() }
        })
      try await withThrowingTaskGroup { group in
        group.addTask { try await tracer.observing { try await bus.run() } }
        try await work(bus, tracer)
        try await bus.waitUntilIdle()
        group.cancelAll()
      }
    }
    return store
  }

  private final class Counter: Sendable {
    private let count = Lock(0)
    func next() -> Int {
      count.withLock {
        $0 += 1
        return $0
      }
    }
  }

  @Test(arguments: [Sampler.always, .parentBased(), .parentBased(root: .consistent(1))])
  func row102_threeDeliveriesOfAnEventPublishedOutsideATraceAreOneTrace(_ sampler: Sampler) throws {
    let store = try Self.deliveries(maxDeliveries: 3, tracedFrom: sampler, fails: { $0 < 3 }) { bus, _ in
      let event = try await bus.publish(1, as: Self.placed)
      #expect(event.trace.isPresent && event.trace.span == 0 && event.trace.flags == 2)
    }
    #expect(store.traces.count == 1)
    let spans = store.spans(inTrace: try #require(store.traces.first))
    #expect(spans.map(\.role) == [.delivery, .delivery, .delivery])
    #expect(spans.map(\.kind) == [.consumer, .consumer, .consumer])
    #expect(spans.map(\.attempt) == [1, 2, 3])
    #expect(spans.map(\.parent) == [0, 0, 0])
    #expect(spans.map(\.verdict) == [.failure, .failure, .success])
    #expect(Set(spans.map(\.ids.span)).count == 3)
  }

  @Test func row102_eachEventPublishedOutsideATraceBeginsItsOwn() throws {
    let store = try Self.deliveries(maxDeliveries: 2, fails: { $0 == 1 }) { bus, _ in
      try await bus.publish(1, as: Self.placed)
      try await bus.publish(Event(id: "2", source: "shop", type: Self.placed, data: 2))
      try await bus.publish(Event(id: "3", source: "shop", type: Self.placed, data: 3))
    }
    #expect(store.traces.count == 3)
    #expect(store.traces.map { store.spans(inTrace: $0).count }.sorted() == [1, 1, 2])
  }

  @Test func row102_aTracerOfTheHandlersOwnSeesOneTraceToo() throws {
    let store = TraceStore()
    try Simulation(seed: 5).run { _ in
      let bus = EventBus(source: "shop")
      try bus.subscribe(
        to: Self.placed, group: "mail",
        policy: DeliveryPolicy(maxDeliveries: 3, backoff: .constant(.milliseconds(100), jitter: .none)),
        handler: EventHandler("send") { (event: Event<Int>) in
          if event.attempt < 3 { throw Down() }
        }.trace(CallTracer("mail", store: store), kind: .consumer))
      try await withThrowingTaskGroup { group in
        group.addTask { try await bus.run() }
        try await bus.publish(1, as: Self.placed)
        try await bus.waitUntilIdle()
        group.cancelAll()
      }
    }
    #expect(store.traces.count == 1)
    #expect(store.allSpans.map(\.attempt) == [1, 2, 3])
  }

  @Test func aSpanOfTheRedriveAndOfEachDeliveryBeforeItAreLinkedInOneTrace() throws {
    let store = try Self.deliveries(maxDeliveries: 2, fails: { $0 < 4 }) { bus, tracer in
      let published = try await tracer.span("order", kind: .producer) {
        try await bus.publish(1, as: Self.placed)
      }
      for _ in 1...2 {
        try await bus.waitUntilIdle()
        guard let letter = bus.deadLetters.letters.first else { break }
        #expect(letter.event.trace == published.trace)
        // By whoever looks after the dead letters, in a trace of his own.
        let isQueued = try await tracer.span("redrive") { try bus.redrive(letter) }
        #expect(isQueued)
      }
    }
    let order = try #require(store.allSpans.first { $0.name == "order" })
    let spans = store.spans(inTrace: order.ids.traceID).filter { $0.role == .delivery }
    #expect(spans.map(\.name) == ["mail", "mail", "mail", "mail"])
    // The creation's context stays the parent; a redriven event is counted anew.
    #expect(spans.allSatisfy { $0.parent == order.ids.span })
    #expect(spans.map(\.attempt) == [1, 2, 1, 2])
    #expect(spans.map(\.verdict) == [.failure, .failure, .failure, .success])
    let kind = EventAttribute("link.kind", .string("previous delivery"))
    #expect(
      spans.map(\.links)
        == [[]] + spans.dropLast().map { [SpanRecord.Link(to: $0.ids, attributes: [kind])] })
    #expect(
      spans.map { $0.events.map(\.event.name) } == [
        ["event_bus.redelivery_scheduled"], ["event_bus.dead_lettered"], ["event_bus.redelivery_scheduled"],
        ["event_bus.delivered"],
      ])
    #expect(store.waterfall(of: order.ids.traceID).contains("→ span"))
  }

  /// What a delivery calls is not a delivery: the attempts of a retry within it are attempts.
  @Test func theAttemptsWithinADeliveryAreAttempts() throws {
    let store = TraceStore()
    try Simulation(seed: 5).run { _ in
      let tracer = CallTracer("shop", store: store)
      let bus = EventBus(source: "shop")
      let charge = ServiceCall("charge") { (_: Int, context: CallContext) in
        if context.attempt == 1 { throw Down() }
      }.retry(RetryPolicy(maxAttempts: 2)).trace(tracer)
      try bus.subscribe(
        to: Self.placed, group: "billing",
        handler: EventHandler("bill") { (event: Event<Int>) in try await charge(event.data) })
      try await withThrowingTaskGroup { group in
        group.addTask { try await tracer.observing { try await bus.run() } }
        try await bus.publish(1, as: Self.placed)
        try await bus.waitUntilIdle()
        group.cancelAll()
      }
    }
    let spans = store.allSpans
    #expect(spans.map(\.name) == ["charge", "charge", "charge", "billing"])
    #expect(spans.map(\.role) == [.attempt, .attempt, .call, .delivery])
    #expect(spans.map(\.kind) == [.client, .client, .client, .consumer])
  }
}
