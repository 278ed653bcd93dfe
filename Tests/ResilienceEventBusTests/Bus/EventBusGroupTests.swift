import ResilienceCore
import ResilienceTestKit
import ResilienceTestSupport
import Testing

@testable import ResilienceEventBus

@Suite struct EventBusGroupTests {
  @Test func eachGroupGetsEachEventAndOneOfItsSubscriptionsHandlesIt() throws {
    try Simulation.explore(seeds: 0..<100) { sim in
      let bus = EventBus(source: "tests")
      let handled = Log<String>()
      for (group, consumers) in [("one", 1), ("two", 2), ("three", 3)] {
        for consumer in 0..<consumers {
          try bus.handle(Topic.number, in: group) { event in
            handled.append("\(group) \(event.data)")
            try await sim.sleep(for: .milliseconds(consumer))
          }
        }
      }
      try await bus.running {
        for number in 0..<6 {
          try await bus.publish(number, as: Topic.number, subject: number.isMultiple(of: 2) ? "even" : nil)
        }
        try await bus.waitUntilIdle()
      }
      let expected = ["one", "two", "three"].flatMap { group in (0..<6).map { "\(group) \($0)" } }
      try sim.require(handled.entries.sorted() == expected.sorted(), "\(handled.entries)")
      try sim.require(bus.snapshot().groups.map(\.name) == ["one", "two", "three"], "the groups' order")
      try sim.require(bus.snapshot().groups.allSatisfy { $0.delivered == 6 }, "\(bus.snapshot())")
    }
  }

  @Test func theConsumersOfAGroupShareTheWork() throws {
    try Simulation.explore(seeds: 0..<50) { sim in
      let bus = EventBus(source: "tests")
      let handled = Log<Int>()
      for consumer in 0..<3 {
        try bus.handle(Topic.number, in: "g", .every(.seconds(1), parallelism: 2)) { _ in
          handled.append(consumer)
          try await sim.sleep(for: .seconds(1))
        }
      }
      try await bus.running {
        for number in 0..<3 { try await bus.publish(number, as: Topic.number) }
        try await bus.waitUntilIdle()
        try sim.require(sim.now == .s(1), "it took until \(sim.now)")
        try sim.require(handled.entries.sorted() == [0, 1, 2], "\(handled.entries)")
        // Six at once, two for each consumer.
        for number in 0..<6 { try await bus.publish(number, as: Topic.number) }
        try await bus.waitUntilIdle()
      }
      try sim.require(sim.now == .s(2), "it took until \(sim.now)")
      try sim.require(handled.entries.dropFirst(3).sorted() == [0, 0, 1, 1, 2, 2], "\(handled.entries)")
    }
  }

  @Test func aGroupGetsWhatIsPublishedFromItsFirstSubscriptionOn() throws {
    try Simulation(seed: 1).run { sim in
      let bus = EventBus(source: "tests")
      let handled = Log<Int>()
      try await bus.publish(1, as: Topic.number)
      try bus.handle(Topic.number, in: "g") { handled.append($0.data) }
      try await bus.publish(2, as: Topic.number)
      try await bus.publish("other", as: Topic.text)
      try await bus.running { try await bus.waitUntilIdle() }
      #expect(handled.entries == [2])
      #expect(bus.snapshot().published == 3)
      #expect(bus.snapshot().unrouted == 2)
    }
  }

  @Test func aCancelledSubscriptionTakesNothingMoreAndItsGroupCollects() throws {
    try Simulation.explore(seeds: 0..<100) { sim in
      let bus = EventBus(source: "tests")
      let handled = Log<String>()
      let first = try bus.handle(Topic.number, in: "g") { event in
        try await sim.sleep(for: .seconds(1))
        handled.append("first \(event.data)")
      }
      try await bus.running {
        try await bus.publish(1, as: Topic.number, subject: "a")
        try await bus.publish(2, as: Topic.number, subject: "a")
        try await sim.advance(by: .milliseconds(500))
        first.cancel()
        first.cancel()
        try await bus.publish(3, as: Topic.number, subject: "b")
        try await sim.advance(by: .seconds(10))
        try sim.require(handled.entries == ["first 1"], "\(handled.entries)")
        try sim.require(bus.group("g")?.queued == 2, "\(bus.snapshot())")
        try sim.require(bus.group("g")?.subscriptions == 0, "\(bus.snapshot())")
        try bus.handle(Topic.number, in: "g") { handled.append("second \($0.data)") }
        try await bus.waitUntilIdle()
      }
      try sim.require(
        Set(handled.entries) == ["first 1", "second 2", "second 3"] && handled.entries.count == 3,
        "\(handled.entries)")
    }
  }

  @Test func theWorkersOfACancelledSubscriptionLeaveThoseThatRestToo() throws {
    try Simulation(seed: 1).run { sim in
      let bus = EventBus(source: "tests")
      let subscription = try bus.handle(Topic.number, in: "g") { _ in try await sim.sleep(for: .seconds(1)) }
      try await bus.running {
        for number in 1...3 { try await bus.publish(number, as: Topic.number) }
        try await sim.advance(by: .seconds(2))
        #expect(bus.update { $0.groups.map(\.workers) } == [3])
        subscription.cancel()
        try await sim.advance(by: .zero)
        #expect(bus.update { $0.groups.map(\.workers) } == [0])
      }
    }
  }

  /// The worker that was woken for an event leaves without it: another consumer's takes over.
  @Test(arguments: [0, 1])
  func anEventThatACancelledConsumerWasWokenForGoesToAnother(cancelled: Int) throws {
    try Simulation.explore(seeds: 0..<50) { sim in
      let bus = EventBus(source: "tests")
      let handled = Log<Int>()
      let subscriptions = try (0..<2).map { _ in
        try bus.handle(Topic.number, in: "g") { event in
          try await sim.sleep(for: .seconds(1))
          handled.append(event.data)
        }
      }
      try await bus.running {
        for number in 1...2 { try await bus.publish(number, as: Topic.number) }
        try await bus.waitUntilIdle()
        try await sim.advance(by: .seconds(1))
        try await bus.publish(3, as: Topic.number)
        subscriptions[cancelled].cancel()
        try await bus.waitUntilIdle()
      }
      try sim.require(handled.entries.sorted() == [1, 2, 3], "\(handled.entries)")
    }
  }

  /// Subscriptions come and go while events are published: everything is handled, in order.
  @Test func nothingIsLostWhileSubscriptionsComeAndGo() throws {
    try Simulation.explore(seeds: 0..<100) { sim in
      let bus = EventBus(source: "tests")
      let handled = Log<(subject: String, number: Int)>()
      let body: @Sendable (Event<Int>) async throws -> Void = { event in
        try await sim.sleep(for: .milliseconds(event.data % 3))
        handled.append((event.subject ?? "", event.data))
      }
      let policy = DeliveryPolicy.every(.milliseconds(1), parallelism: 2)
      try bus.handle(Topic.number, in: "g", policy) { try await body($0) }.cancel()
      try await bus.running {
        try await withThrowingTaskGroup { tasks in
          tasks.addTask {
            for number in 0..<20 {
              try await bus.publish(number, as: Topic.number, subject: "s\(number % 3)")
              try await sim.sleep(for: .milliseconds(number % 2))
            }
          }
          for start in 0..<3 {
            tasks.addTask {
              for _ in 0..<4 {
                let subscription = try bus.handle(Topic.number, in: "g", policy) { try await body($0) }
                try await sim.sleep(for: .milliseconds(2 + start))
                subscription.cancel()
                try await sim.sleep(for: .milliseconds(1))
              }
            }
          }
          try await tasks.waitForAll()
        }
        try bus.handle(Topic.number, in: "g", policy) { try await body($0) }
        try await bus.waitUntilIdle()
      }
      for subject in 0..<3 {
        let numbers = handled.entries.filter { $0.subject == "s\(subject)" }.map(\.number)
        try sim.require(numbers == Array(stride(from: subject, to: 20, by: 3)), "s\(subject): \(numbers)")
      }
    }
  }

  @Test func aRemovedGroupsEventsAreDeadLetters() throws {
    try Simulation.explore(seeds: 0..<100) { sim in
      let log = EventRecorder()
      let bus = EventBus(source: "tests") { log.record($0) }
      try bus.handle(Topic.number, in: "g", .every(.seconds(100))) { event in
        try await sim.sleep(for: .seconds(1))
        if event.data != 2 { throw Broken() }
      }
      try await bus.running {
        for (number, subject) in [(1, "flying"), (2, "acknowledged"), (3, "flying"), (4, "b")] {
          try await bus.publish(number, as: Topic.number, subject: subject)
        }
        try await sim.advance(by: .seconds(1))
        // 1 and 4 wait for their redelivery, 2 is handled, 3 is behind 1. Then 5 and 6 are in flight.
        try await bus.publish(5, as: Topic.number, subject: "c")
        try await bus.publish(2, as: Topic.number, subject: "d")
        try await sim.advance(by: .milliseconds(1))
        bus.removeGroup("g", of: Topic.number)
        try sim.require(bus.snapshot().groups.isEmpty, "\(bus.snapshot())")
        try sim.require(bus.deadLetters.count == 3, "\(bus.deadLetters.letters)")
        bus.removeGroup("g", of: Topic.number)
        try await bus.waitUntilIdle()
      }
      let letters = bus.deadLetters.letters
      try sim.require(letters.allSatisfy { $0.reason == .noSubscriber }, "\(letters)")
      try sim.require(
        letters.compactMap { $0.event(as: Topic.number)?.data } == [1, 3, 4, 5], "\(letters)")
      try sim.require(letters.map(\.event.attempt) == [1, 0, 1, 1], "\(letters)")
      let kinds = log.events.compactMap { ($0 as? EventBusEvent)?.name }
      try sim.require(kinds.count { $0 == "event_bus.dead_lettered" } == 4, "\(kinds)")
      try sim.require(kinds.count { $0 == "event_bus.delivered" } == 2, "\(kinds)")
    }
  }

  @Test func aGroupThatTakesARemovedOnesPlaceIsANewOne() throws {
    try Simulation.explore(seeds: 0..<100) { sim in
      let bus = EventBus(source: "tests")
      let handled = Log<String>()
      let old = try bus.handle(Topic.number, in: "a") { _ in try await sim.sleep(for: .seconds(1)) }
      try bus.handle(Topic.number, in: "b") { handled.append("b \($0.data)") }
      try await bus.running {
        try await bus.publish(1, as: Topic.number)
        try await sim.advance(by: .milliseconds(1))
        bus.removeGroup("a", of: Topic.number)
        // While a delivery of the old group is in flight, and again after it has ended.
        try bus.handle(Topic.number, in: "c") { handled.append("c \($0.data)") }
        try await sim.advance(by: .seconds(2))
        try bus.handle(Topic.number, in: "a") { handled.append("a \($0.data)") }
        old.cancel()
        try await bus.publish(2, as: Topic.number)
        try await bus.waitUntilIdle()
      }
      try sim.require(handled.entries.sorted() == ["a 2", "b 1", "b 2", "c 2"], "\(handled.entries)")
      try sim.require(bus.snapshot().groups.map(\.name) == ["b", "c", "a"], "\(bus.snapshot().groups)")
    }
  }

  /// A handler may own something that uses the bus when it goes, a subscription for example.
  @Test func lettingAHandlerGoMayUseTheBus() throws {
    final class Owner: Sendable {
      let owned: Subscription
      init(_ owned: Subscription) { self.owned = owned }
      deinit { owned.cancel() }
    }
    let bus = EventBus(source: "tests")
    let subscription: Subscription = try {
      let owner = Owner(try bus.handle(Topic.text, in: "g") { _ in })
      return try bus.handle(Topic.number, in: "g") { _ in _ = owner }
    }()
    subscription.cancel()
    #expect(bus.snapshot().groups.map(\.subscriptions) == [0, 0])
  }
}
