import ResilienceCore
import ResilienceTestKit
import ResilienceTestSupport
import Testing

@testable import ResilienceEventBus

@Suite struct EventBusOverflowTests {
  private static func bus(_ capacity: Int) -> EventBus {
    EventBus(source: "tests", policy: EventBusPolicy(queueCapacity: capacity))
  }

  /// Drains group after group by hand: what is not run is delivered to nobody.
  @Test(arguments: Overflow.allCases)
  func row89_aGroupThatEverybodyLeftHoldsNobodyUp(_ overflow: Overflow) throws {
    try Simulation.explore(seeds: 0..<20) { sim in
      let bus = Self.bus(3)
      let handled = Log<Int>()
      let left = try bus.handle(Topic.number, in: "left", DeliveryPolicy(overflow: overflow)) { _ in }
      try bus.handle(Topic.number, in: "here") { handled.append($0.data) }
      left.cancel()
      try await bus.running {
        for number in 0..<20 {
          try await bus.publish(number, as: Topic.number)
          try await sim.sleep(for: .milliseconds(1))
        }
      }
      try sim.require(handled.entries == Array(0..<20), "\(handled.entries)")
      let group = bus.group("left")
      try sim.require(group?.queued == 3 && group?.enqueued == 20, "\(bus.snapshot())")
      let isDropped = overflow == .dropOldest
      try sim.require(group?.dropped == (isDropped ? 17 : 0), "\(bus.snapshot())")
      try sim.require(bus.deadLetters.count == (isDropped ? 0 : 17), "\(bus.deadLetters.letters)")
      try sim.require(bus.deadLetters.letters.allSatisfy { $0.reason == .overflow }, "reasons")
      // Somebody comes back, and gets what is left.
      let rest = Log<Int>()
      try bus.handle(Topic.number, in: "left", DeliveryPolicy(overflow: overflow)) { rest.append($0.data) }
      try await bus.running { try await bus.waitUntilIdle() }
      try sim.require(rest.entries == [17, 18, 19], "\(rest.entries)")
    }
  }

  @Test func row89_whoWaitsForAGroupIsReleasedWhenItsLastSubscriptionLeaves() throws {
    try Simulation.explore(seeds: 0..<20) { sim in
      let bus = Self.bus(1)
      let subscription = try bus.handle(Topic.number, in: "g", DeliveryPolicy(overflow: .wait)) { _ in }
      try await withThrowingTaskGroup(of: Void.self) { tasks in
        for number in 0..<4 { tasks.addTask { _ = try await bus.publish(number, as: Topic.number) } }
        try await sim.sleep(for: .seconds(1))
        try sim.require(bus.snapshot().published == 1, "\(bus.snapshot())")
        subscription.cancel()
        try await tasks.waitForAll()
      }
      try sim.require(bus.snapshot().published == 4 && bus.deadLetters.count == 3, "\(bus.snapshot())")
    }
  }

  @Test func publishersWaitForRoomAndLoseNothing() throws {
    try Simulation.explore(seeds: 0..<100) { sim in
      let bus = Self.bus(2)
      let handled = Log<Int>()
      let policy = DeliveryPolicy(parallelism: 1, overflow: .wait)
      try bus.handle(Topic.number, in: "g", policy) { event in
        try await sim.sleep(for: .milliseconds(1))
        handled.append(event.data)
      }
      try await bus.running {
        try await withThrowingTaskGroup(of: Void.self) { tasks in
          for publisher in 0..<4 {
            tasks.addTask {
              for number in 0..<5 {
                try await bus.publish(publisher * 5 + number, as: Topic.number, subject: "a")
              }
            }
          }
          try await tasks.waitForAll()
        }
        try await bus.waitUntilIdle()
      }
      try sim.require(handled.entries.sorted() == Array(0..<20), "\(handled.entries)")
      for publisher in 0..<4 {
        let own = handled.entries.filter { $0 / 5 == publisher }
        try sim.require(own == own.sorted(), "\(own)")
      }
      try sim.require(sim.now == .ns(20_000_000), "\(sim.now)")
    }
  }

  @Test func aWaitForRoomEndsWithTheCallsDeadlineAndPublishesNothing() throws {
    try Simulation(seed: 1).run { sim in
      let bus = Self.bus(1)
      try bus.handle(Topic.number, in: "g", DeliveryPolicy(overflow: .wait)) { _ in }
      try await bus.publish(1, as: Topic.number)
      var context = CallContext.current
      context.tightenDeadline(to: Deadline(at: .s(5)))
      let error = await #expect(throws: QueueFull.self) {
        try await bus.publish(2, as: Topic.number, context: context)
      }
      #expect((error?.group, sim.now, bus.snapshot().published) == ("g", .s(5), 1))
      // What cannot wait is refused.
      #expect(throws: QueueFull.self) { try bus.publish(Event(source: "s", type: Topic.number, data: 1)) }
    }
  }

  /// A cancelled publisher, wherever the cancellation comes, publishes or not, and passes its room on.
  @Test func aPublisherIsCancelledAtEveryPoint() throws {
    let exploration = try Simulation.exploreEveryInterleaving(limit: 30_000) { sim in
      let bus = Self.bus(1)
      let handled = Log<Int>()
      try bus.handle(Topic.number, in: "g", DeliveryPolicy(parallelism: 1, overflow: .wait)) {
        handled.append($0.data)
      }
      try await bus.publish(0, as: Topic.number)
      let isPublished = Box(false)
      try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask { try await bus.runUntilCancelled() }
        try await withThrowingTaskGroup(of: Void.self) { publishers in
          publishers.addTask {
            await withTaskGroup(of: Void.self) { inner in
              inner.addTask {
                let isDone = (try? await bus.publish(1, as: Topic.number)) != nil
                isPublished.change { $0 = isDone }
              }
              inner.cancelAll()
            }
          }
          publishers.addTask { _ = try await bus.publish(2, as: Topic.number) }
          try await publishers.waitForAll()
        }
        try await bus.waitUntilIdle()
        tasks.cancelAll()
        try await tasks.waitForAll()
      }
      let expected = isPublished.value ? [0, 1, 2] : [0, 2]
      try sim.require(handled.entries.sorted() == expected, "\(handled.entries)")
      try sim.require(sim.now == .s(0), "somebody waited for \(sim.now)")
    }
    #expect(exploration.runs > 20, "\(exploration.runs) runs")
  }

  /// One that gets room in a group and finds another one full leaves the room to the next.
  @Test func aPublisherThatWaitsForAnotherGroupPassesItsRoomOn() throws {
    try Simulation.explore(seeds: 0..<50) { sim in
      let bus = Self.bus(1)
      let handled = Log<String>()
      let wait = DeliveryPolicy(parallelism: 1, overflow: .wait)
      try bus.subscribe(matching: .prefix("a"), group: "quick", policy: wait) { event in
        try await sim.sleep(for: .seconds(10))
        handled.append("quick \(event.id)")
      }
      try bus.subscribe(matching: .prefix("ab"), group: "slow", policy: wait) { event in
        try await sim.sleep(for: .seconds(100))
        handled.append("slow \(event.id)")
      }
      let (both, one) = (EventType<Int>("ab"), EventType<Int>("ac"))
      try await bus.running {
        try await bus.publish(Event(id: "0", source: "s", type: both, data: 0))
        try await withThrowingTaskGroup(of: Void.self) { tasks in
          // It gets room in "quick" at 10, and waits for "slow" then.
          tasks.addTask { try await bus.publish(Event(id: "1", source: "s", type: both, data: 1)) }
          try await sim.sleep(for: .seconds(1))
          try await bus.publish(Event(id: "2", source: "s", type: one, data: 2))
          try sim.require(sim.now == .s(10), "published at \(sim.now)")
          try await tasks.waitForAll()
        }
        try await bus.waitUntilIdle()
      }
      try sim.require(
        handled.entries == ["quick 0", "quick 2", "slow 0", "quick 1", "slow 1"], "\(handled.entries)")
    }
  }

  @Test func theOldestThatNoHandlerIsAtWorkOnMakesRoom() throws {
    try Simulation.explore(seeds: 0..<20) { sim in
      let log = EventRecorder()
      let bus = EventBus(source: "tests", policy: EventBusPolicy(queueCapacity: 3)) { log.record($0) }
      let handled = Log<Int>()
      let policy = DeliveryPolicy(parallelism: 1, overflow: .dropOldest)
      try bus.handle(Topic.number, in: "g", policy) { event in
        try await sim.sleep(for: .seconds(1))
        handled.append(event.data)
      }
      try await bus.running {
        try await bus.publish(0, as: Topic.number)
        try await sim.sleep(for: .milliseconds(1))
        for number in 1...6 { try await bus.publish(number, as: Topic.number) }
        try await bus.waitUntilIdle()
      }
      try sim.require(handled.entries == [0, 5, 6], "\(handled.entries)")
      try sim.require(bus.group("g")?.dropped == 4 && bus.deadLetters.count == 0, "\(bus.snapshot())")
      let dropped = log.events.compactMap { $0 as? EventBusEvent }.filter { $0.kind == .dropped }
      try sim.require(dropped.count == 4, "\(log.descriptions)")
    }
  }

  @Test func whereAllAreWithAHandlerNothingMakesRoom() throws {
    try Simulation(seed: 1).run { sim in
      let bus = Self.bus(2)
      let policy = DeliveryPolicy(parallelism: 4, overflow: .deadLetterOldest)
      try bus.handle(Topic.number, in: "g", policy) { _ in try await sim.sleep(for: .seconds(1)) }
      try await bus.running {
        for number in 1...2 { try await bus.publish(number, as: Topic.number) }
        try await sim.sleep(for: .milliseconds(1))
        await #expect(throws: QueueFull.self) { try await bus.publish(3, as: Topic.number) }
        try await bus.waitUntilIdle()
      }
      #expect((bus.deadLetters.count, bus.group("g")?.delivered) == (0, 2))
    }
  }

  @Test func aRequestThatMadeRoomFailsAtOnce() throws {
    try Simulation(seed: 1).run { sim in
      let bus = Self.bus(1)
      try bus.respond(
        to: Topic.number, with: Topic.answer, group: "g", policy: DeliveryPolicy(overflow: .deadLetterOldest),
        handler: ServiceCall("g") { (_: Event<Int>) in "yes" })
      try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask {
          await #expect(throws: RequestFailed.self) {
            _ = try await bus.request(1, as: Topic.number, expecting: Topic.answer)
          }
        }
        try await sim.sleep(for: .seconds(1))
        try await bus.publish(2, as: Topic.number)
        try await tasks.waitForAll()
      }
      #expect(sim.now == .s(1))
    }
  }
}
