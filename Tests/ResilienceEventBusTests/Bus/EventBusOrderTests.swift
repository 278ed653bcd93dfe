import ResilienceCore
import ResilienceEventBus
import ResilienceTestKit
import ResilienceTestSupport
import Testing

@Suite struct EventBusOrderTests {
  /// Two consumers of three workers each, handlers that take long and fail at random: each subject's events
  /// are handled one after the other, in order.
  @Test func aSubjectsEventsAreHandledInOrderWhateverFails() throws {
    try Simulation.explore(seeds: 0..<100) { sim in
      let bus = EventBus(source: "tests")
      let handled = Log<(subject: String, number: Int)>()
      let started = Log<(subject: String, number: Int)>()
      let inside = Box<Set<String>>([])
      let overlaps = Box(0)
      let dice = SeededRandomSource(seed: sim.seed)
      for _ in 0..<2 {
        try bus.handle(Topic.number, in: "g", .every(.milliseconds(5), maxDeliveries: 3, parallelism: 3)) {
          event in
          let subject = event.subject ?? ""
          started.append((subject, event.data))
          if !inside.change({ $0.insert(subject).inserted }) { overlaps.change { $0 += 1 } }
          defer { _ = inside.change { $0.remove(subject) } }
          try await sim.sleep(for: .milliseconds(dice.next(below: 4)))
          if dice.next(below: 3) == 0 { throw Broken() }
          handled.append((subject, event.data))
        }
      }
      try await bus.running {
        for number in 0..<24 {
          try await bus.publish(number, as: Topic.number, subject: "s\(number % 4)")
          try await sim.sleep(for: .milliseconds(dice.next(below: 2)))
        }
        try await bus.waitUntilIdle()
      }
      try sim.require(overlaps.value == 0, "two events of one subject at once")
      let dead = Set(bus.deadLetters.letters.compactMap { $0.event(as: Topic.number)?.data })
      for subject in 0..<4 {
        let published = Array(stride(from: subject, to: 24, by: 4))
        let numbers = handled.entries.filter { $0.subject == "s\(subject)" }.map(\.number)
        try sim.require(numbers == published.filter { !dead.contains($0) }, "handled \(numbers)")
        let begun = started.entries.filter { $0.subject == "s\(subject)" }.map(\.number)
        try sim.require(begun == begun.sorted(), "started \(begun)")
      }
    }
  }

  @Test func aSlowSubjectDoesNotHoldUpAnother() throws {
    try Simulation.explore(seeds: 0..<50) { sim in
      let bus = EventBus(source: "tests")
      let handled = Log<(Int, Instant)>()
      try bus.handle(Topic.number, in: "g", .every(.seconds(60), parallelism: 2)) { event in
        if event.subject == "slow" { try await sim.sleep(for: .seconds(30)) }
        if event.data == 3, event.attempt == 1 { throw Broken() }
        handled.append((event.data, sim.now))
      }
      try await bus.running {
        for (number, subject) in [
          (1, "slow"), (2, "slow"), (3, "failing"), (4, "failing"), (5, "x"), (6, "x"),
        ] {
          try await bus.publish(number, as: Topic.number, subject: subject)
        }
        try await bus.publish(7, as: Topic.number)
        try await bus.waitUntilIdle()
      }
      let expected = [1: 30.0, 2: 60, 3: 60, 4: 60, 5: 0, 6: 0, 7: 0]
      for (number, instant) in handled.entries {
        try sim.require(instant == .s(expected[number] ?? -1), "\(number) was handled at \(instant)")
      }
      try sim.require(handled.entries.count == 7, "\(handled.entries)")
    }
  }

  @Test(arguments: [1, 2, 5])
  func noMoreHandlersRunThanAreAllowed(parallelism: Int) throws {
    try Simulation.explore(seeds: 0..<50) { sim in
      let bus = EventBus(source: "tests")
      let gauges = [Gauge(), Gauge()]
      for gauge in gauges {
        try bus.handle(Topic.number, in: "g", .every(.milliseconds(1), parallelism: parallelism)) { event in
          gauge.enter()
          defer { gauge.leave() }
          try await sim.sleep(for: .milliseconds(1 + event.data % 3))
          if event.attempt == 1, event.data.isMultiple(of: 4) { throw Broken() }
        }
      }
      try await bus.running {
        for burst in 0..<4 {
          for number in 0..<10 { try await bus.publish(burst * 10 + number, as: Topic.number) }
          try await sim.sleep(for: .milliseconds(5))
        }
        try await bus.waitUntilIdle()
      }
      // Never more, and as many when there is work for them.
      try sim.require(gauges.map(\.most) == [parallelism, parallelism], "\(gauges.map(\.most))")
    }
  }

  @Test func whatAHandlerPublishesIsDelivered() throws {
    try Simulation.explore(seeds: 0..<50) { sim in
      let bus = EventBus(source: "tests")
      let handled = Log<Int>()
      try bus.handle(Topic.number, in: "g", .every(.seconds(1), parallelism: 1)) { event in
        handled.append(event.data)
        // Its own subject and its own group: behind it, without a deadlock.
        if event.data < 5 { try await bus.publish(event.data + 1, as: Topic.number, subject: event.subject) }
      }
      try await bus.running {
        try await bus.publish(1, as: Topic.number, subject: "a")
        try await bus.waitUntilIdle()
      }
      try sim.require(handled.entries == [1, 2, 3, 4, 5], "\(handled.entries)")
    }
  }

  /// Every order in which two consumers, a failure and a cancelled subscription can interleave.
  @Test func inEveryInterleavingEachEventIsHandledOnceInOrder() throws {
    let exploration = try Simulation.exploreEveryInterleaving(limit: 20_000) { sim in
      let bus = EventBus(source: "tests")
      let handled = Log<Int>()
      let policy = DeliveryPolicy(backoff: .none, parallelism: 1)
      let first = try bus.handle(Topic.number, in: "g", policy) { event in
        await Task.yield()
        if event.data == 1, event.attempt == 1 { throw Broken() }
        handled.append(event.data)
      }
      try bus.handle(Topic.number, in: "g", policy) { event in
        await Task.yield()
        handled.append(event.data)
      }
      try await bus.running {
        for number in 1...3 {
          try await bus.publish(number, as: Topic.number, subject: number < 3 ? "a" : "b")
        }
        try await sim.sleep(for: .nanoseconds(1))
        first.cancel()
        try await bus.waitUntilIdle()
      }
      let entries = handled.entries
      try sim.require(entries.filter { $0 < 3 } == [1, 2] && entries.filter { $0 > 2 } == [3], "\(entries)")
    }
    #expect(exploration.isComplete && exploration.runs > 20, "\(exploration.runs) runs")
  }
}
