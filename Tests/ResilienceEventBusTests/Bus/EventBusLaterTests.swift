import ResilienceCore
import ResilienceTestKit
import ResilienceTestSupport
import Synchronization
import Testing

@testable import ResilienceEventBus

@Suite struct EventBusLaterTests {
  @Test func whatIsPublishedLaterIsDeliveredThen() throws {
    try Simulation.explore(seeds: 0..<50) { sim in
      let bus = EventBus(source: "tests")
      let handled = Log<(Int, Instant)>()
      try await bus.running {
        for (number, delay) in [(1, 5), (2, 3), (3, 0), (4, -2), (5, 3)] {
          try await bus.publish(number, as: Topic.number, after: .seconds(delay), subject: "a")
        }
        // Who subscribes before its time gets it.
        try bus.handle(Topic.number, in: "g") { handled.append(($0.data, sim.now)) }
        try await bus.publish(6, as: Topic.number, subject: "a")
        try sim.require(bus.snapshot().scheduled > 0, "\(bus.snapshot())")
        try await sim.sleep(for: .seconds(10))
      }
      let later = handled.entries.filter { ![3, 4, 6].contains($0.0) }
      try sim.require(later.map(\.0) == [2, 5, 1] && later.map(\.1) == [.s(3), .s(3), .s(5)], "\(later)")
      try sim.require(handled.entries.count == 6 && bus.snapshot().scheduled == 0, "\(handled.entries)")
    }
  }

  @Test func itSurvivesShutdowns() throws {
    try Simulation.explore(seeds: 0..<50) { sim in
      let bus = EventBus(source: "tests")
      let handled = Log<(Int, Instant)>()
      try bus.handle(Topic.number, in: "g") { handled.append(($0.data, sim.now)) }
      try await bus.publish(1, as: Topic.number, after: .seconds(5))
      _ = try await bus.running { try await bus.publish(2, as: Topic.number, after: .seconds(20)) }
      try await sim.sleep(for: .seconds(10))
      try sim.require(bus.snapshot().scheduled == 2 && handled.entries.isEmpty, "\(bus.snapshot())")
      try await bus.running { try await sim.sleep(for: .seconds(1)) }
      try await bus.running { try await sim.sleep(for: .seconds(100)) }
      try sim.require(handled.entries.map(\.0) == [1, 2], "\(handled.entries)")
      try sim.require(handled.entries.map(\.1) == [.s(10), .s(20)], "\(handled.entries)")
    }
  }

  @Test func asManyAsOneGroupMayHaveAreScheduled() throws {
    try Simulation(seed: 1).run { _ in
      let bus = EventBus(source: "tests", policy: EventBusPolicy(queueCapacity: 2))
      for _ in 0..<2 { try await bus.publish(1, as: Topic.number, after: .seconds(1)) }
      let error = await #expect(throws: QueueFull.self) {
        try await bus.publish(1, as: Topic.number, after: .seconds(1))
      }
      #expect(error?.group == "scheduled")
    }
  }

  @Test(arguments: Overflow.allCases)
  func whatFindsNoRoomThenIsADeadLetter(_ overflow: Overflow) throws {
    try Simulation(seed: 1).run { sim in
      let bus = EventBus(source: "tests", policy: EventBusPolicy(queueCapacity: 1))
      let policy = DeliveryPolicy(parallelism: 1, overflow: overflow)
      try bus.handle(Topic.number, in: "g", policy) { _ in try await sim.sleep(for: .seconds(10)) }
      let other = Log<Int>()
      try bus.handle(Topic.number, in: "h") { other.append($0.data) }
      try await bus.running {
        try await bus.publish(1, as: Topic.number)
        try await bus.publish(2, as: Topic.number, after: .seconds(1))
        try await sim.sleep(for: .seconds(2))
      }
      #expect(other.entries == [1, 2])
      #expect(bus.deadLetters.letters.map(\.reason) == [.overflow])
      #expect(bus.deadLetters.letters.first?.event(as: Topic.number)?.data == 2)
      #expect(bus.group("g").map { $0.enqueued - $0.deadLettered - $0.outstanding } == 0)
    }
  }

  @Test func anEventWhoseDeadlinePassesInTheQueueLeavesIt() throws {
    try Simulation.explore(seeds: 0..<50) { sim in
      let bus = EventBus(source: "tests")
      let handled = Log<Int>()
      try bus.handle(Topic.number, in: "g", DeliveryPolicy(parallelism: 1)) { event in
        handled.append(event.data)
        try await sim.sleep(for: .seconds(50))
      }
      let nobody = try bus.handle(Topic.number, in: "nobody") { _ in }
      nobody.cancel()
      try await bus.running {
        let deadline = Deadline(at: .s(10))
        try await bus.publish(1, as: Topic.number, subject: "a")
        try await sim.sleep(for: .milliseconds(1))
        try await bus.publish(2, as: Topic.number, subject: "a", deadline: deadline)
        try await bus.publish(3, as: Topic.number, deadline: deadline)
        try await sim.sleep(for: .seconds(9))
        try sim.require(bus.deadLetters.count == 0, "\(bus.deadLetters.letters)")
        try await sim.sleep(for: .seconds(2))
        try sim.require(
          bus.deadLetters.letters.map(\.reason) == Array(repeating: .expired, count: 4), "reasons")
        try sim.require(
          bus.group("nobody")?.queued == 1 && bus.group("g")?.outstanding == 1, "\(bus.snapshot())")
        try sim.require(bus.group("g")?.oldestAge == .milliseconds(11_001), "\(bus.snapshot())")
      }
    }
  }

  @Test func prefixGroupsGetTheirTypesAndAllGetsAll() throws {
    try Simulation.explore(seeds: 0..<20) { sim in
      let bus = EventBus(source: "tests")
      let seen = Log<String>()
      for (filter, group) in [
        (EventFilter.prefix("order."), "orders"), (.all, "audit"), (.type("order.paid"), "paid"),
      ] {
        try bus.subscribe(matching: filter, group: group) { event in seen.append("\(group) \(event.type)") }
      }
      try await bus.running {
        for type in ["order.placed", "order.paid", "orders", "order"] {
          try await bus.publish(1, as: EventType<Int>(type))
        }
        try await bus.waitUntilIdle()
        bus.removeGroup("orders", matching: .prefix("order."))
        try await bus.publish(1, as: EventType<Int>("order.paid"))
        try await bus.waitUntilIdle()
      }
      let expected = [
        "audit order", "audit order.paid", "audit order.paid", "audit order.placed", "audit orders",
        "orders order.paid", "orders order.placed", "paid order.paid", "paid order.paid",
      ]
      try sim.require(seen.entries.sorted() == expected, "\(seen.entries)")
    }
  }

  @Test func row82_namesAreBytes() throws {
    try Simulation(seed: 1).run { _ in
      let bus = EventBus(source: "tests")
      let seen = Log<String>()
      let spellings = ["caf\u{e9}", "cafe\u{301}"]
      for spelling in spellings {
        let type = EventType<Int>(spelling)
        try bus.handle(type, in: "type") { seen.append("type \($0.data) \(Array($0.type.utf8).count)") }
        try bus.handle(Topic.number, in: spelling) { _ in seen.append("group \(Array(spelling.utf8).count)") }
        try bus.subscribe(matching: .prefix(spelling), group: "prefix") { event in
          seen.append("prefix \(Array(event.type.utf8).count)")
        }
      }
      #expect(bus.snapshot().groups.count == 6)
      #expect(EventFilter.prefix(spellings[0]) != .prefix(spellings[1]))
      #expect(EventFilter.type("a") == .type("a") && EventFilter.type("a") != .prefix("a"))
      try await bus.running {
        try await bus.publish(1, as: EventType<Int>(spellings[0]))
        try await bus.publish(2, as: EventType<Int>(spellings[1]))
        try await bus.publish(3, as: Topic.number)
        try await bus.waitUntilIdle()
      }
      #expect(
        seen.entries.sorted() == ["group 5", "group 6", "prefix 5", "prefix 6", "type 1 5", "type 2 6"])
      bus.removeGroup(spellings[0], of: Topic.number)
      #expect(bus.snapshot().groups.count == 5)
    }
  }

  /// On threads, with everything at once that sets the timer: run it under ThreadSanitizer.
  @Test func theTimerServesManyThreads() async throws {
    let bus = EventBus(source: "tests", policy: EventBusPolicy(queueCapacity: 100_000))
    let handled = Atomic<Int>(0)
    let policy = DeliveryPolicy(
      backoff: .constant(.milliseconds(1), jitter: .none), parallelism: 8, lease: .seconds(20))
    for group in ["g", "h"] {
      try bus.handle(Topic.number, in: group, policy) { event in
        bus.extendLease(of: event)
        if event.attempt == 1, event.data % 3 == 0 { throw Broken() }
        handled.wrappingAdd(1, ordering: .relaxed)
      }
    }
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await bus.run() }
      try await withThrowingTaskGroup(of: Void.self) { publishers in
        for publisher in 0..<4 {
          publishers.addTask {
            for number in 0..<250 {
              if number % 2 == 0 {
                try await bus.publish(number, as: Topic.number, subject: "s\(publisher)")
              } else {
                try await bus.publish(
                  number, as: Topic.number, after: .microseconds(number * 10),
                  deadline: Deadline(at: CallContext.current.clock.now.advanced(by: .seconds(60))))
              }
            }
          }
        }
        try await publishers.waitForAll()
      }
      while bus.snapshot().scheduled > 0 { await Task.yield() }
      await bus.shutDown(grace: .seconds(60))
      try await tasks.waitForAll()
    }
    #expect(handled.load(ordering: .relaxed) == 2_000)
    #expect((bus.snapshot().outstanding, bus.deadLetters.count) == (0, 0))
  }
}
