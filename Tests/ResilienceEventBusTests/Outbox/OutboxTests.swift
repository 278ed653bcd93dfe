import ResilienceCore
import ResilienceTestKit
import ResilienceTestSupport
import Testing

@testable import ResilienceEventBus

@Suite struct OutboxTests {
  /// A bus whose group "log" writes down the numbers that it gets.
  private static func bus(
    _ log: Log<Int>, capacity: Int = 100, _ overflow: Overflow = .refuse
  ) throws -> EventBus {
    let bus = EventBus(source: "tests", policy: EventBusPolicy(queueCapacity: capacity))
    let policy = DeliveryPolicy(parallelism: 1, overflow: overflow)
    try bus.handle(Topic.number, in: "log", policy) { log.append($0.data) }
    return bus
  }

  @Test func row55_whatIsPublishedAppearsOnceInOrderWhenTheHandlerSucceeds() throws {
    try Simulation.explore(seeds: 0..<50) { sim in
      let seen = Log<Int>()
      let bus = try Self.bus(seen)
      let attempts = Box(0)
      try bus.subscribe(
        to: Topic.text, group: "g", policy: .every(.seconds(1)),
        handler: EventHandler("g") { (event: Event<String>) in
          try await bus.publish(1, as: Topic.number, subject: "a")
          _ = try { try bus.publish(2, as: Topic.number, subject: "a") }()
          try await bus.publish(Event(source: "s", type: Topic.number, subject: "a", data: 3))
          try sim.require(bus.group("log")?.enqueued == 0, "published before the end")
          if attempts.change({
            $0 += 1; return $0
          }) < 3 {
            throw Broken()
          }
        }.outbox(bus))
      try await bus.running {
        try await bus.publish("x", as: Topic.text)
        try await bus.waitUntilIdle()
      }
      try sim.require(seen.entries == [1, 2, 3], "\(seen.entries)")
      try sim.require(attempts.value == 3, "\(attempts.value) attempts")
    }
  }

  enum Ending: CaseIterable { case failure, failedValue, cancellation }

  @Test(arguments: Ending.allCases)
  func nothingAppearsWhenItDoesNotSucceed(_ ending: Ending) throws {
    try Simulation.explore(seeds: 0..<10) { sim in
      let bus = try Self.bus(Log())
      let handler = ServiceCall("g") { (_: Int) -> Int in
        try await bus.publish(1, as: Topic.number)
        try await bus.publish(2, as: Topic.number, after: .seconds(1))
        switch ending {
        case .failure: throw Broken()
        case .failedValue: return 500
        case .cancellation: try await sim.sleep(for: .seconds(10))
        }
        return 0
      }.classify { result in (try? result.get()) == 500 ? .failure : nil }.outbox(bus)
      _ = await withTaskGroup(of: Bool.self) { tasks in
        tasks.addTask { (try? await handler(1)) != nil }
        try? await sim.sleep(for: .seconds(1))
        tasks.cancelAll()
        return await tasks.next()
      }
      try sim.require(bus.snapshot().published == 0 && bus.snapshot().scheduled == 0, "\(bus.snapshot())")
    }
  }

  @Test func anErrorThatCountsAsSuccessPublishes() throws {
    try Simulation(seed: 1).run { _ in
      let bus = try Self.bus(Log())
      let handler = ServiceCall("g") { (_: Int) in
        try await bus.publish(1, as: Topic.number)
        throw Broken()
      }.classify { _ in .success }.outbox(bus)
      await #expect(throws: Broken.self) { try await handler(1) }
      #expect(bus.snapshot().published == 1)
    }
  }

  @Test func allIsRefusedWhenAGroupHasNoRoomForAll() throws {
    try Simulation(seed: 1).run { _ in
      let bus = try Self.bus(Log(), capacity: 4)
      try bus.handle(Topic.text, in: "other") { _ in }
      for _ in 0..<2 { try await bus.publish(0, as: Topic.number) }
      let handler = ServiceCall("g") { (count: Int) in
        try await bus.publish("x", as: Topic.text)
        for number in 0..<count { try await bus.publish(number, as: Topic.number) }
      }.outbox(bus)
      let error = await #expect(throws: QueueFull.self) { try await handler(3) }
      #expect(error?.group == "log")
      #expect((bus.snapshot().published, bus.group("other")?.queued) == (2, 0))
      try await handler(2)
      #expect((bus.snapshot().published, bus.group("other")?.queued, bus.group("log")?.queued) == (5, 1, 4))
    }
  }

  @Test(arguments: [(Overflow.dropOldest, 0), (.deadLetterOldest, 2)])
  func whereTheOldestMakesRoomItDoes(overflow: Overflow, dead: Int) throws {
    try Simulation(seed: 1).run { _ in
      let seen = Log<Int>()
      let bus = try Self.bus(seen, capacity: 3, overflow)
      for number in [0, 1] { try await bus.publish(number, as: Topic.number) }
      let handler = ServiceCall("g") { (_: Int) in
        for number in 2...4 { try await bus.publish(number, as: Topic.number) }
      }.outbox(bus)
      try await handler(0)
      try await bus.running { try await bus.waitUntilIdle() }
      #expect(seen.entries == [2, 3, 4])
      #expect(bus.deadLetters.count == dead)
      let tooMany = ServiceCall("g") { (_: Int) in
        for number in 2...5 { try await bus.publish(number, as: Topic.number) }
      }.outbox(bus)
      await #expect(throws: QueueFull.self) { try await tooMany(0) }
    }
  }

  @Test func aDeliveryWhoseEventsHadNoRoomComesAgain() throws {
    try Simulation.explore(seeds: 0..<20) { sim in
      let seen = Log<Int>()
      let bus = EventBus(source: "tests", policy: EventBusPolicy(queueCapacity: 2))
      try bus.handle(Topic.number, in: "log", DeliveryPolicy(parallelism: 1)) { event in
        try await sim.sleep(for: .seconds(3))
        seen.append(event.data)
      }
      let inbox = Inbox()
      try bus.subscribe(
        to: Topic.text, group: "g", policy: .every(.seconds(1), maxDeliveries: 20),
        handler: EventHandler("g") { (event: Event<String>) in
          for number in [1, 2] { try await bus.publish(number, as: Topic.number, subject: "a") }
        }.outbox(bus).deduplicate(inbox))
      try await bus.running {
        for text in ["x", "y"] { try await bus.publish(text, as: Topic.text) }
        try await bus.waitUntilIdle()
      }
      try sim.require(seen.entries == [1, 2, 1, 2], "\(seen.entries)")
      try sim.require(bus.deadLetters.count == 0 && inbox.snapshot().handled == 2, "\(bus.snapshot())")
    }
  }

  @Test func nestedCallsAndChildTasksAreWithin() throws {
    try Simulation.explore(seeds: 0..<20) { sim in
      let seen = Log<Int>()
      let bus = try Self.bus(seen)
      let inner = ServiceCall("inner") { (number: Int) in
        _ = try await bus.publish(number, as: Topic.number)
      }
      let handler = ServiceCall("outer") { (fails: Bool) in
        try await inner(1)
        try await withThrowingTaskGroup(of: Void.self) { tasks in
          tasks.addTask { try await inner(2) }
          tasks.addTask { try await bus.publish(3, as: Topic.number) }
          try await tasks.waitForAll()
        }
        if fails { throw Broken() }
      }.outbox(bus)
      await #expect(throws: Broken.self) { try await handler(true) }
      try sim.require(bus.snapshot().published == 0, "\(bus.snapshot())")
      try await handler(false)
      try await bus.running { try await bus.waitUntilIdle() }
      try sim.require(seen.entries.sorted() == [1, 2, 3], "\(seen.entries)")
    }
  }

  @Test func anOuterOutboxKeepsWhatTheInnerOnePublishes() throws {
    try Simulation(seed: 1).run { _ in
      let (bus, other) = (try Self.bus(Log()), try Self.bus(Log()))
      let inner = ServiceCall("inner") { (fails: Bool) in
        try await bus.publish(1, as: Topic.number)
        try await other.publish(1, as: Topic.number)
        if fails { throw Broken() }
      }.outbox(bus).outbox(other)
      let outer = ServiceCall("outer") { (fails: (inner: Bool, outer: Bool)) in
        try? await inner(fails.inner)
        #expect(bus.snapshot().published == 0)
        if fails.outer { throw Broken() }
      }.outbox(bus)
      try await outer((true, false))
      #expect((bus.snapshot().published, other.snapshot().published) == (0, 0))
      await #expect(throws: Broken.self) { try await outer((false, true)) }
      // The other bus knows nothing of the outer outbox.
      #expect((bus.snapshot().published, other.snapshot().published) == (0, 1))
      try await outer((false, false))
      #expect((bus.snapshot().published, other.snapshot().published) == (1, 2))
    }
  }

  @Test func whatGoesToAnotherBusIsPublishedDirectly() throws {
    try Simulation(seed: 1).run { _ in
      let (bus, other) = (try Self.bus(Log()), try Self.bus(Log()))
      let handler = ServiceCall("g") { (_: Int) in
        try await other.publish(1, as: Topic.number)
        throw Broken()
      }.outbox(bus)
      await #expect(throws: Broken.self) { try await handler(1) }
      #expect(other.snapshot().published == 1)
    }
  }

  @Test func aTaskThatOutlivesTheHandlerIsToldSo() throws {
    try Simulation(seed: 1).run { sim in
      let bus = try Self.bus(Log())
      let late = Box<Task<Void, any Error>?>(nil)
      let stray = Box<CallContext?>(nil)
      let handler = ServiceCall("g") { (_: Int, context: CallContext) in
        stray.change { $0 = context }
        let task = Task(executorPreference: context.executor) {
          try await sim.sleep(for: .seconds(1))
          try await bus.publish(1, as: Topic.number)
        }
        late.change { $0 = task }
      }.outbox(bus)
      try await handler(1)
      await #expect(throws: OutboxClosed.self) { try await late.value?.value }
      let context = try #require(stray.value)
      await #expect(throws: OutboxClosed.self) {
        try await bus.publish(1, as: Topic.number, context: context)
      }
      #expect(bus.snapshot().published == 0)
      // Outside, everything is as before.
      try await bus.publish(1, as: Topic.number)
      #expect(bus.snapshot().published == 1)
    }
  }

  @Test func aRequestWithinIsAnErrorThatSaysSo() throws {
    try Simulation(seed: 1).run { _ in
      let (bus, other) = (EventBus(source: "tests"), EventBus(source: "tests"))
      for bus in [bus, other] {
        try bus.respond(
          to: Topic.number, with: Topic.answer, group: "g",
          handler: ServiceCall("g") { (event: Event<Int>) in "\(event.data)" })
      }
      let handler = ServiceCall("g") { (target: EventBus) in
        try await target.request(1, as: Topic.number, expecting: Topic.answer)
      }.outbox(bus)
      try await other.running {
        let error = await #expect(throws: RequestInOutbox.self) { _ = try await handler(bus) }
        #expect(error.map { "\($0)" }?.contains("outside of the outbox") == true)
        let answer = try await handler(other)
        #expect(answer == "1")
      }
    }
  }

  @Test func repliesAndWhatIsPublishedLaterAreKeptToo() throws {
    try Simulation.explore(seeds: 0..<10) { sim in
      let bus = EventBus(source: "tests")
      let seen = Log<Instant>()
      try bus.handle(Topic.text, in: "later") { _ in seen.append(sim.now) }
      let attempts = Box(0)
      try bus.subscribe(
        to: Topic.number, group: "g", policy: .every(.seconds(1)),
        handler: EventHandler("g") { (event: Event<Int>) in
          try bus.reply(to: event, with: "yes", as: Topic.answer)
          try await bus.publish("x", as: Topic.text, after: .seconds(10))
          if attempts.change({
            $0 += 1; return $0
          }) == 1 {
            throw Broken()
          }
          try await sim.sleep(for: .seconds(2))
        }.outbox(bus))
      try await bus.running {
        let answer = try await bus.request(1, as: Topic.number, expecting: Topic.answer)
        try sim.require(answer == "yes" && sim.now == .s(3), "\(answer) at \(sim.now)")
        try await sim.sleep(for: .seconds(30))
      }
      // The delay begins with the call, at 1.
      try sim.require(seen.entries == [.s(11)], "\(seen.entries)")
    }
  }

  @Test func anOutboxIsBounded() throws {
    try Simulation(seed: 1).run { _ in
      let bus = EventBus(source: "tests", policy: EventBusPolicy(queueCapacity: 5))
      let handler = ServiceCall("g") { (_: Int) in
        for number in 0..<6 { try await bus.publish(number, as: Topic.number) }
      }.outbox(bus)
      let error = await #expect(throws: QueueFull.self) { try await handler(1) }
      #expect(error?.group == "outbox")
      #expect(bus.snapshot().published == 0)
    }
  }

  actor Till {
    let bus: EventBus
    init(_ bus: EventBus) { self.bus = bus }
    private var total = 0

    func sell() async throws {
      let handler = ServiceCall("sell") { (_: Int) in
        _ = try await self.bus.publish(1, as: Topic.number)
      }.outbox(bus)
      try await handler(1)
      total += 1
    }
  }

  @Test func itWorksInsideAnActor() async throws {
    let bus = try Self.bus(Log())
    try await Till(bus).sell()
    #expect(bus.snapshot().published == 1)
    #expect("\(ServiceCall("g") { (_: Int) in }.outbox(bus).layers)".contains("outbox"))
  }
}
