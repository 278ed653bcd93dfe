import ResilienceCore
import ResilienceEventBus
import ResilienceTestKit
import ResilienceTestSupport
import Testing

@Suite struct EventBusPublishTests {
  @Test func aFullGroupRefusesAndNoGroupGetsTheEvent() throws {
    try Simulation(seed: 1).run { sim in
      let bus = EventBus(source: "tests", policy: EventBusPolicy(queueCapacity: 2))
      try bus.handle(Topic.number, in: "fast") { _ in }
      try await bus.publish(0, as: Topic.number)
      try bus.handle(Topic.number, in: "slow") { _ in }
      try await bus.publish(1, as: Topic.number)
      try await sim.sleep(for: .seconds(3))
      let full = QueueFull.self
      let error = await #expect(throws: full) { try await bus.publish(2, as: Topic.number) }
      #expect((error?.group, error?.type, error?.capacity) == ("fast", "number", 2))
      #expect(error?.retryAt == .s(3))
      #expect(bus.snapshot().groups.map(\.enqueued) == [2, 1])
      #expect(bus.snapshot().published == 2)
      try await bus.running { try await bus.waitUntilIdle() }
      try await bus.publish(2, as: Topic.number)
    }
  }

  /// What is in flight and what waits for its redelivery counts too.
  @Test func theCapacityBoundsWhatIsOutstanding() throws {
    try Simulation(seed: 1).run { sim in
      let bus = EventBus(source: "tests", policy: EventBusPolicy(queueCapacity: 3))
      try bus.handle(Topic.number, in: "g", .every(.seconds(10), parallelism: 2)) { event in
        if event.data == 1 { throw Broken() }
        try await sim.sleep(for: .seconds(5))
      }
      try await bus.running {
        for number in 1...3 { try await bus.publish(number, as: Topic.number, subject: "s\(number % 2)") }
        try await sim.advance(by: .seconds(1))
        let group = try #require(bus.snapshot().groups.first)
        #expect((group.waiting, group.inFlight, group.queued, group.outstanding) == (1, 1, 1, 3))
        await #expect(throws: QueueFull.self) { try await bus.publish(4, as: Topic.number) }
        try await sim.advance(by: .seconds(5))
        try await bus.publish(4, as: Topic.number)
      }
    }
  }

  @Test func aHandlerThatFindsAQueueFullComesAgain() throws {
    try Simulation.explore(seeds: 0..<50) { sim in
      let bus = EventBus(source: "tests", policy: EventBusPolicy(queueCapacity: 1))
      let handled = Log<String>()
      try bus.handle(Topic.number, in: "g", .every(.seconds(1))) { event in
        try await bus.publish("a \(event.attempt)", as: Topic.text)
      }
      try bus.handle(Topic.text, in: "h") { event in
        try await sim.sleep(for: .seconds(1.5))
        handled.append(event.data)
      }
      try await bus.running {
        try await bus.publish("first", as: Topic.text)
        try await bus.publish(1, as: Topic.number)
        try await bus.waitUntilIdle()
      }
      try sim.require(handled.entries == ["first", "a 3"], "\(handled.entries)")
    }
  }

  @Test func aFullGroupKeepsTheLetterThatWouldBeRedriven() throws {
    try Simulation(seed: 1).run { sim in
      let bus = EventBus(source: "tests", policy: EventBusPolicy(queueCapacity: 1))
      try bus.handle(Topic.number, in: "g") { _ in throw PoisonEvent("x") }
      try await bus.publish(1, as: Topic.number)
      try await bus.running { try await bus.waitUntilIdle() }
      try await bus.publish(2, as: Topic.number)
      let letter = try #require(bus.deadLetters.letters.first)
      #expect(throws: QueueFull.self) { try bus.redrive(letter) }
      #expect(bus.deadLetters.count == 1)
    }
  }

  @Test func deadLettersAreBounded() throws {
    try Simulation(seed: 1).run { sim in
      let bus = EventBus(source: "tests", policy: EventBusPolicy(deadLetterCapacity: 2))
      try bus.handle(Topic.number, in: "g") { _ in throw PoisonEvent("x") }
      for number in 0..<5 { try await bus.publish(number, as: Topic.number, subject: "a") }
      try await bus.running { try await bus.waitUntilIdle() }
      #expect(bus.deadLetters.letters.map(\.number) == [4, 5])
      #expect((bus.snapshot().deadLetters, bus.snapshot().discardedDeadLetters) == (2, 3))
    }
  }

  /// A payload may do anything when it goes.
  @Test func lettingADeadLettersPayloadGoMayUseTheBus() throws {
    final class Payload: Sendable {
      let bus: EventBus
      init(_ bus: EventBus) { self.bus = bus }
      deinit { _ = bus.deadLetters.count + bus.snapshot().deadLetters }
    }
    try Simulation(seed: 1).run { sim in
      let bus = EventBus(source: "tests", policy: EventBusPolicy(deadLetterCapacity: 1))
      let type = EventType<Payload>("payload")
      try bus.handle(type, in: "g") { _ in throw PoisonEvent("x") }
      for _ in 0..<3 { try await bus.publish(Payload(bus), as: type, subject: "a") }
      try await bus.running { try await bus.waitUntilIdle() }
      #expect(bus.deadLetters.discarded == 2)
      for _ in 0..<3 { try await bus.publish(Payload(bus), as: type) }
      bus.removeGroup("g", of: type)
      #expect(bus.deadLetters.discarded == 5)
    }
  }

  @Test(arguments: [
    (subject: "", source: "s", id: "i", field: "subject"),
    (subject: "s", source: "", id: "i", field: "source"),
    (subject: "s", source: "s", id: "", field: "id"),
  ])
  func anEmptyAttributeIsRefused(subject: String, source: String, id: String, field: String) throws {
    let error = #expect(throws: InvalidEvent.self) {
      try Event(id: id, source: source, type: Topic.number, subject: subject, data: 1)
    }
    #expect(error?.field == field)
    #expect(error?.description.contains("an event's \(field) must not be empty") == true)
  }

  @Test func anEventCarriesWhatCloudEventsAsksFor() throws {
    try Simulation(seed: 1).run { sim in
      try await sim.sleep(for: .seconds(60))
      let bus = EventBus(source: "/services/order")
      let event = try await bus.publish(5, as: Topic.number, subject: "customer 7")
      #expect(event.source == "/services/order")
      #expect((event.type, event.subject, event.data) == ("number", "customer 7", 5))
      #expect(event.time.description == "2000-01-01T00:01:00Z")
      #expect((event.attempt, event.group, event.deadline) == (0, "", .never))
      #expect(event.id.count == 15)
      let ids = try (0..<1_000).map { _ in try bus.publish(1, as: Topic.number).id }
      #expect(Set(ids).count == 1_000)
    }
  }

  @Test func impossibleBoundsAreRefusedWithTheValue() async {
    let results = [
      await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        _ = EventBusPolicy(queueCapacity: 0)
      },
      await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        _ = EventBusPolicy(deadLetterCapacity: -1)
      },
      await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        _ = DeliveryPolicy(maxDeliveries: 0)
      },
      await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        _ = DeliveryPolicy(parallelism: 0)
      },
      await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        _ = InboxPolicy(capacity: 0)
      },
      await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        _ = EventType<Int>("")
      },
      await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        try EventBus(source: "s").subscribe(
          to: EventType<Int>("t"), group: "", handler: EventHandler { (_: Event<Int>) in })
      },
    ]
    let complaints = [
      "queueCapacity must be 1 or more, was 0", "deadLetterCapacity must be 1 or more, was -1",
      "maxDeliveries must be 1 or more, was 0", "parallelism must be 1 or more, was 0",
      "capacity must be 1 or more, was 0", "name must not be empty", "a group's name must not be empty",
    ]
    for (result, complaint) in zip(results, complaints) {
      let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
      #expect(message.contains(complaint))
    }
  }
}
