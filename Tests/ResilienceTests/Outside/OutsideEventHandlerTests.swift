import Resilience
import ResilienceTestKit
import Testing

private let placed = EventType<Int>("placed")
private let priced = EventType<Reply>("priced")

/// The same for what handles events, requests and checks.
@Suite struct OutsideEventHandlerTests {
  private static let deadline = Deadline(at: Instant(nanoseconds: 60_000_000_000))

  enum Shape: CaseIterable, Sendable {
    case leaf, decorated, deduplicated, decoratedInsideDeduplication, decoratedOutsideDeduplication, retried
  }

  private func subscribe(_ bus: EventBus, _ shape: Shape, _ leaf: EventLeaf) throws {
    func subscribe(_ handler: some Handler<Event<Int>, Void>) throws {
      try bus.subscribe(
        to: placed, group: "g",
        policy: DeliveryPolicy(maxDeliveries: 3, backoff: .constant(.seconds(1), jitter: .none)),
        handler: handler)
    }
    let (inbox, sightings) = (Inbox(), leaf.sightings)
    switch shape {
    case .leaf: try subscribe(leaf)
    case .decorated: try subscribe(Noted(base: leaf, sightings: sightings))
    case .deduplicated: try subscribe(leaf.deduplicate(inbox))
    case .decoratedInsideDeduplication:
      try subscribe(Noted(base: leaf, sightings: sightings).deduplicate(inbox))
    case .decoratedOutsideDeduplication:
      try subscribe(Noted(base: leaf.deduplicate(inbox), sightings: sightings))
    case .retried: try subscribe(leaf.retry(RetryPolicy(maxAttempts: 2, backoff: .none), budget: nil))
    }
  }

  /// Whoever is told of every attempt, and gives each a span, as a tracer does.
  private final class Spans: CallObserver {
    let told = EventRecorder()

    func attemptBegan(_ attempt: inout CallContext) {
      var trace = attempt.trace
      trace.span += 1
      attempt.enterSpan(trace)
    }

    func record(_ event: any ResilienceEvent, in context: CallContext) { told.record(event) }
  }

  @Test(arguments: Shape.allCases)
  func aSubscriptionHandsDownTheEventsContext(shape: Shape) throws {
    let (sightings, spans) = (Sightings(), Spans())
    try Simulation(seed: 1).run { _ in
      let bus = EventBus(source: "tests")
      try subscribe(bus, shape, EventLeaf(sightings: sightings, failures: 2))
      var context = CallContext.current
      context.enterSpan(TraceIDs(traceHigh: 1, traceLow: 2, span: 10, flags: 1))
      try await bus.publish(1, as: placed, deadline: Self.deadline, context: context)
      try await CallContext.withObserver(spans) { try await bus.runUntilIdle() }
    }
    let seen = sightings.of("leaf")
    #expect(seen.map(\.attempt) == [1, 2, 3])
    #expect(seen.map(\.maxAttempts) == (shape == .retried ? [6, 6, 6] : [3, 3, 3]))
    #expect(seen.map(\.isLastAttempt) == (shape == .retried ? [false, false, false] : [false, false, true]))
    if shape == .retried {
      #expect(seen[0].callID == seen[1].callID && seen[0].callID != 0, "two attempts within one delivery")
    }
    let all = seen + sightings.of("decorator")
    for sighting in all {
      #expect(sighting.handed.deadline == Self.deadline)
      #expect(sighting.handed.trace.traceLow == 2)
      #expect(sighting.handed.trace.span == (shape == .retried ? 12 : 11))
      #expect(sighting.handed.isObserved)
      #expect(sighting.bound == sighting.handed)
      #expect(sighting.nested == sighting.handed)
    }
    #expect(Set(spans.told.events.compactMap { $0 as? Sighting }) == Set(all))
  }

  @Test func aResponderIsALeafToo() throws {
    struct Pricer: Handler {
      let sightings: Sightings

      func handle(_ event: Event<Int>, context: CallContext) async throws -> Reply {
        await sightings.note("leaf", context)
        return Reply(status: event.data)
      }
    }
    let sightings = Sightings()
    let reply = try Simulation(seed: 1).run { _ in
      let bus = EventBus(source: "tests")
      try bus.respond(to: placed, with: priced, group: "g", handler: Pricer(sightings: sightings))
      return try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask { do { try await bus.run() } catch is CancellationError {} }
        let reply = try await bus.request(200, as: placed, expecting: priced, timeout: .seconds(60))
        tasks.cancelAll()
        return reply
      }
    }
    #expect(reply == Reply(status: 200))
    #expect(sightings.of("leaf").map(\.nested?.deadline) == [Self.deadline])
    #expect(sightings.of("leaf").map(\.bound.deadline) == [Self.deadline])
  }

  /// A check that is a type: the monitor's time limit reaches what it calls.
  @Test func aHealthCheckIsALeafToo() throws {
    struct Check: Handler {
      let sightings: Sightings

      func handle(_ instance: ServiceInstance, context: CallContext) async throws -> Reply {
        await sightings.note("leaf", context)
        return Reply(status: 503)
      }
    }
    let sightings = Sightings()
    try Simulation(seed: 1).run { sim in
      let registry = ServiceRegistry()
      registry.register(ServiceInstance(id: "a", service: "stock"))
      let policy = HealthCheckPolicy(interval: .seconds(10), timeout: .seconds(1), fall: 1, jitter: 0)
      let monitor = HealthMonitor(
        registry, service: "stock", policy: policy, check: Check(sightings: sightings))
      await withTaskGroup { tasks in
        tasks.addTask { try? await monitor.run() }
        try? await sim.advance(by: .seconds(5))
        #expect(registry.instances(of: "stock").members.map(\.health) == [.unhealthy], "a value may fail it")
        tasks.cancelAll()
      }
    }
    #expect(
      sightings.of("leaf").map(\.handed.deadline) == [Deadline(at: Instant(nanoseconds: 1_000_000_000))])
    #expect(sightings.of("leaf").map(\.bound) == sightings.of("leaf").map(\.handed))
    #expect(sightings.of("leaf").map(\.nested) == sightings.of("leaf").map(\.handed))
  }
}

extension EventBus {
  fileprivate func runUntilIdle() async throws {
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { do { try await self.run() } catch is CancellationError {} }
      try await waitUntilIdle()
      tasks.cancelAll()
    }
  }
}
