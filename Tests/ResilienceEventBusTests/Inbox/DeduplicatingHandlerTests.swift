import ResilienceCore
import ResilienceEventBus
import ResilienceTestKit
import ResilienceTestSupport
import Testing

@Suite struct DeduplicatingHandlerTests {
  private static func event(_ id: String, _ data: Int = 0) throws -> Event<Int> {
    try Event(id: id, source: "s", type: Topic.number, data: data)
  }

  @Test func row53_aFailedHandlerRunsAgainOnTheRedelivery() throws {
    try Simulation.explore(seeds: 0..<20) { sim in
      let bus = EventBus(source: "tests")
      let inbox = Inbox()
      let attempts = Log<Int>()
      try bus.subscribe(
        to: Topic.number, group: "g", policy: .every(.seconds(1)),
        handler: EventHandler("g") { (event: Event<Int>) in
          attempts.append(event.attempt)
          if event.attempt < 3 { throw Broken() }
        }.deduplicate(inbox))
      try await bus.running {
        try await bus.publish(Self.event("a"))
        try await bus.waitUntilIdle()
        try await bus.publish(Self.event("a"))
        try await bus.waitUntilIdle()
      }
      try sim.require(attempts.entries == [1, 2, 3], "\(attempts.entries)")
      let snapshot = inbox.snapshot()
      try sim.require(
        (snapshot.handled, snapshot.released, snapshot.duplicates, snapshot.reserved) == (1, 2, 1, 0),
        "\(snapshot)")
      try sim.require(bus.deadLetters.count == 0, "\(bus.deadLetters.letters)")
    }
  }

  @Test func row53_aFailureThatIsAValueIsHandledAgain() throws {
    try Simulation(seed: 1).run { sim in
      let bus = EventBus(source: "tests")
      let attempts = Log<Int>()
      try bus.subscribe(
        to: Topic.number, group: "g", policy: .every(.seconds(1)),
        handler: EventHandler("g") { (event: Event<Int>) in
          attempts.append(event.attempt)
        }.classify { _ in attempts.entries.count < 2 ? .failure : .success }.deduplicate(Inbox()))
      try await bus.running {
        try await bus.publish(Self.event("a"))
        try await bus.waitUntilIdle()
      }
      #expect(attempts.entries == [1, 2])
      #expect(bus.snapshot().groups.map(\.delivered) == [1])
    }
  }

  /// An error that counts as success is the end of the event for the bus, so it is for the inbox.
  @Test func anErrorThatCountsAsSuccessIsRemembered() throws {
    try Simulation(seed: 1).run { sim in
      let bus = EventBus(source: "tests")
      let attempts = Log<Int>()
      try bus.subscribe(
        to: Topic.number, group: "g",
        handler: EventHandler("g") { (event: Event<Int>) in
          attempts.append(event.attempt)
          throw Broken()
        }.classify { _ in .success }.deduplicate(Inbox()))
      try await bus.running {
        for _ in 0..<2 {
          try await bus.publish(Self.event("a"))
          try await bus.waitUntilIdle()
        }
      }
      #expect(attempts.entries == [1])
      #expect(bus.snapshot().groups.map(\.delivered) == [2])
    }
  }

  /// A duplicate costs nothing of what is inside.
  @Test func whatIsInsideDoesNotSeeADuplicate() throws {
    try Simulation(seed: 1).run { sim in
      let bus = EventBus(source: "tests")
      let inbox = Inbox()
      let inside = Log<Int>()
      let handled = EventHandler("g") { (event: Event<Int>) in
        inside.append(event.data)
        if inside.entries.count == 1 { throw Broken() }
      }
      // A decorator that tries again within the delivery.
      let repeating = EventHandler("g") { (event: Event<Int>) in
        do { try await handled(event) } catch { try await handled(event) }
      }
      try bus.subscribe(to: Topic.number, group: "g", handler: repeating.deduplicate(inbox))
      let recorder = EventRecorder()
      try await CallContext.withObserver(recorder) {
        try await bus.running {
          for _ in 0..<2 {
            try await bus.publish(Self.event("a", 7))
            try await bus.waitUntilIdle()
          }
        }
      }
      #expect(inside.entries == [7, 7])
      #expect((inbox.snapshot().handled, inbox.snapshot().duplicates) == (1, 1))
      #expect(inbox.snapshot().released == 0)
    }
  }

  @Test func duplicatesAreHandledOncePerGroup() throws {
    try Simulation.explore(seeds: 0..<100) { sim in
      let bus = EventBus(source: "tests")
      let inbox = Inbox(policy: InboxPolicy(lease: .seconds(5)))
      let handled = Log<String>()
      let recorder = EventRecorder()
      for group in ["g", "h"] {
        try bus.subscribe(
          to: Topic.number, group: group, policy: .every(.seconds(1), maxDeliveries: 10),
          handler: EventHandler(group) { (event: Event<Int>) in
            try await sim.sleep(for: .seconds(1))
            handled.append("\(group) \(event.id)")
          }.deduplicate(inbox))
      }
      try await CallContext.withObserver(recorder) {
        try await bus.running {
          // At the same time, so that the second finds the first at work; and again later.
          for id in ["a", "b", "a", "b", "a"] { try await bus.publish(Self.event(id)) }
          try await bus.waitUntilIdle()
          try await bus.publish(Self.event("b"))
          try await bus.waitUntilIdle()
        }
      }
      try sim.require(handled.entries.sorted() == ["g a", "g b", "h a", "h b"], "\(handled.entries)")
      try sim.require(bus.deadLetters.count == 0, "\(bus.deadLetters.letters)")
      try sim.require(bus.snapshot().groups.allSatisfy { $0.delivered == 6 }, "\(bus.snapshot())")
      try sim.require(inbox.snapshot().duplicates == 8, "\(inbox.snapshot())")
      let dropped = recorder.events.compactMap { $0 as? DuplicateDropped }
      try sim.require(dropped.count == 8, "\(dropped)")
    }
  }

  @Test func anEventThatIsHandledForLongerThanALeaseIsRefusedToASecondDelivery() throws {
    try Simulation(seed: 1).run { sim in
      let handler = EventHandler("g") { (_: Event<Int>) in try await sim.sleep(for: .seconds(10)) }
        .deduplicate(Inbox(policy: InboxPolicy(lease: .seconds(5))))
      let event = try Self.event("a")
      async let first: Void = handler(event)
      try await sim.advance(by: .seconds(2))
      let error = await #expect(throws: EventInProgress.self) { try await handler(event) }
      #expect((error?.retryAt, sim.now) == (nil, .s(7)))
      #expect(error.map { handler.outcome(ofError: $0).verdict } == .neutral)
      try await first
      #expect(sim.now == .s(10))
      try await handler(event)
      #expect(sim.now == .s(10))
    }
  }

  /// The bus goes down between the handler's end and the acknowledgement: as far as the bus knows, nothing
  /// happened.
  @Test func aConsumerCancelledBetweenHandlingAndAcknowledgementDoesNotHandleTwice() throws {
    try Simulation.explore(seeds: 0..<50) { sim in
      let bus = EventBus(source: "tests")
      let inbox = Inbox()
      let handled = Log<Int>()
      let deduplicated = EventHandler("g") { (event: Event<Int>) in handled.append(event.data) }
        .deduplicate(inbox)
      try bus.subscribe(
        to: Topic.number, group: "g", policy: .every(.seconds(1), maxDeliveries: 1),
        handler: EventHandler("g") { (event: Event<Int>, context: CallContext) in
          try await deduplicated.handle(event, context: context)
          try await sim.sleep(for: .seconds(10))
        })
      try await bus.running {
        try await bus.publish(Self.event("a", 1))
        try await sim.sleep(for: .seconds(5))
      }
      try sim.require(bus.snapshot().outstanding == 1, "\(bus.snapshot())")
      try await bus.running { try await bus.waitUntilIdle() }
      try sim.require(handled.entries == [1], "\(handled.entries)")
      try sim.require(bus.snapshot().groups.map(\.delivered) == [1], "\(bus.snapshot())")
      try sim.require(inbox.snapshot().duplicates == 1, "\(inbox.snapshot())")
    }
  }

  /// Cancelled within the handler, it has not happened: it is released, and handled by the next run.
  @Test func aConsumerCancelledWithinTheHandlerHandlesItLater() throws {
    try Simulation.explore(seeds: 0..<50) { sim in
      let bus = EventBus(source: "tests")
      let inbox = Inbox()
      let handled = Log<Int>()
      try bus.subscribe(
        to: Topic.number, group: "g",
        handler: EventHandler("g") { (event: Event<Int>) in
          try await sim.sleep(for: .seconds(2))
          handled.append(event.data)
        }.deduplicate(inbox))
      try await bus.running {
        try await bus.publish(Self.event("a", 1))
        try await sim.sleep(for: .seconds(1))
      }
      try sim.require(inbox.snapshot().reserved == 0, "\(inbox.snapshot())")
      try await bus.running { try await bus.waitUntilIdle() }
      try sim.require(handled.entries == [1], "\(handled.entries)")
    }
  }

  @Test func theInlineFaceGivesTheResultOrNothing() throws {
    try Simulation(seed: 1).run { sim in
      let inbox = Inbox()
      let key = InboxKey(source: "s", id: "a")
      await #expect(throws: Broken.self) { try await inbox.run(key) { throw Broken() } }
      let first = try await inbox.run(key) { 7 }
      let second = try await inbox.run(key) { 8 }
      #expect((first, second) == (7, nil))
      #expect("\(key)" == "a from s")
      #expect("\(InboxKey(group: "g", source: "s", id: "a"))" == "a from s for g")
      #expect(
        inbox.snapshot().metrics.map { "\($0.name) \($0.kind) \(Int($0.value))" } == [
          "inbox_reserved_events gauge 0", "inbox_remembered_events gauge 1",
          "inbox_handled_events_total counter 1", "inbox_duplicates_total counter 1",
          "inbox_released_events_total counter 1",
        ])
    }
  }

  /// The key names the event and the group whichever handler asks, and it needs no bus.
  actor Till {
    private var total = 0
    private let inbox = Inbox()

    func take(_ amount: Int, _ id: String) async throws -> Int {
      try await inbox.run(InboxKey(source: "till", id: id)) { total += amount }
      return total
    }
  }

  @Test func theInlineFaceWorksInsideAnActor() async throws {
    let till = Till()
    #expect(try await till.take(5, "a") == 5)
    #expect(try await till.take(5, "a") == 5)
    #expect(try await till.take(2, "b") == 7)
  }
}
