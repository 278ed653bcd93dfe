import ResilienceCore
import ResilienceTestKit
import ResilienceTestSupport
import Testing

@testable import ResilienceEventBus

@Suite struct EventBusShutdownTests {
  private func requireConservation(
    _ bus: EventBus, published: Int, groups: Int, _ sim: Simulation
  ) throws {
    let snapshot = bus.snapshot()
    for group in snapshot.groups {
      let settled = group.delivered + group.deadLettered
      try sim.require(group.enqueued == published, "\(group) has not got \(published) events")
      try sim.require(group.enqueued == settled + group.outstanding, "\(group) has lost or doubled events")
      try sim.require(group.inFlight == 0, "\(group) has events in flight, and no run()")
    }
    let total = snapshot.groups.reduce(0) { $0 + $1.delivered + $1.deadLettered + $1.outstanding }
    try sim.require(published * groups == total, "\(published) events for \(groups) groups became \(total)")
    try sim.require(
      snapshot.groups.reduce(0) { $0 + $1.deadLettered } == bus.deadLetters.count, "dead letters are missing")
  }

  /// run() is cancelled at random, again and again: published × groups = delivered + dead letters +
  /// outstanding, and in the end each event was handled, or is a dead letter, exactly once for each group.
  @Test func nothingIsLostOrDoubledWhenTheBusIsShutDownAgainAndAgain() throws {
    try Simulation.explore(seeds: 0..<150) { sim in
      let dice = SeededRandomSource(seed: sim.seed)
      let bus = EventBus(source: "tests")
      let handled = Log<String>()
      for group in ["g", "h"] {
        let policy = DeliveryPolicy.every(.milliseconds(4), maxDeliveries: 3, parallelism: 2)
        for _ in 0..<2 {
          try bus.handle(Topic.number, in: group, policy) { event in
            try await sim.sleep(for: .milliseconds(dice.next(below: 5)))
            if dice.next(below: 4) == 0 { throw Broken() }
            handled.append("\(group) \(event.data)")
          }
        }
      }
      var published = 0
      for _ in 0..<4 {
        try await bus.running {
          for _ in 0..<5 {
            try await bus.publish(published, as: Topic.number, subject: "s\(published % 3)")
            published += 1
            try await sim.sleep(for: .milliseconds(dice.next(below: 4)))
          }
        }
        try requireConservation(bus, published: published, groups: 2, sim)
        try await bus.publish(published, as: Topic.number, subject: "s\(published % 3)")
        published += 1
      }
      try await bus.running { try await bus.waitUntilIdle() }
      try requireConservation(bus, published: published, groups: 2, sim)
      try sim.require(bus.snapshot().outstanding == 0, "\(bus.snapshot())")
      let dead = bus.deadLetters.letters.compactMap { letter in
        letter.event(as: Topic.number).map { "\(letter.group) \($0.data)" }
      }
      let expected = ["g", "h"].flatMap { group in (0..<published).map { "\(group) \($0)" } }
      let all = (handled.entries + dead).sorted()
      try sim.require(all == expected.sorted(), "\(all)")
    }
  }

  @Test func aHandlerThatIsCancelledHasNotHadItsDelivery() throws {
    try Simulation.explore(seeds: 0..<50) { sim in
      let attempts = Log<Int>()
      let log = EventRecorder()
      let bus = EventBus(source: "tests") { log.record($0) }
      try bus.handle(Topic.number, in: "g", .every(.seconds(1), maxDeliveries: 1)) { event in
        attempts.append(event.attempt)
        try await sim.sleep(for: .seconds(10))
      }
      for _ in 0..<3 {
        try await bus.running {
          if attempts.entries.isEmpty { try await bus.publish(1, as: Topic.number) }
          try await sim.sleep(for: .seconds(5))
        }
        try sim.require(bus.group("g")?.queued == 1, "\(bus.snapshot())")
      }
      try await bus.running { try await bus.waitUntilIdle() }
      try sim.require(attempts.entries == [1, 1, 1, 1], "\(attempts.entries)")
      try sim.require(bus.group("g")?.delivered == 1, "\(bus.snapshot())")
      let names = log.events.map(\.name)
      try sim.require(
        names == [
          "event_bus.published", "event_bus.returned", "event_bus.returned", "event_bus.returned",
          "event_bus.delivered",
        ],
        "\(names)")
      try sim.require(
        log.events.compactMap { ($0 as? EventBusEvent)?.attempt } == [0, 0, 0, 0, 1],
        "\(log.descriptions)")
    }
  }

  @Test func aHandlerThatFinishesAllTheSameHasHandledItsEvent() throws {
    try Simulation.explore(seeds: 0..<50) { sim in
      let bus = EventBus(source: "tests")
      try bus.handle(Topic.number, in: "g") { event in
        try? await sim.sleep(for: .seconds(10))
        if event.data == 2 { throw PoisonEvent("2") }
      }
      try await bus.running {
        for number in 1...2 { try await bus.publish(number, as: Topic.number) }
        try await sim.sleep(for: .seconds(1))
      }
      let group = bus.group("g")
      try sim.require((group?.delivered, group?.deadLettered) == (1, 1), "\(bus.snapshot())")
    }
  }

  @Test func aWaitForARedeliverySurvivesTheShutdown() throws {
    try Simulation.explore(seeds: 0..<20) { sim in
      let bus = EventBus(source: "tests")
      let attempts = Log<Instant>()
      try bus.handle(Topic.number, in: "g", .every(.seconds(10))) { event in
        attempts.append(sim.now)
        if event.attempt < 3 { throw Broken() }
      }
      try await bus.publish(1, as: Topic.number)
      try await bus.running { try await sim.sleep(for: .seconds(1)) }
      try sim.require(bus.group("g")?.waiting == 1, "\(bus.snapshot())")
      try await sim.sleep(for: .seconds(3))
      try await bus.running { try await sim.sleep(for: .seconds(9)) }
      try await sim.sleep(for: .seconds(100))
      try await bus.running { try await bus.waitUntilIdle() }
      try sim.require(attempts.entries == [.s(0), .s(10), .s(113)], "\(attempts.entries)")
    }
  }

  @Test func aGroupThatIsRemovedWhileTheBusShutsDownLosesNothing() throws {
    try Simulation.explore(seeds: 0..<100) { sim in
      let bus = EventBus(source: "tests")
      try bus.handle(Topic.number, in: "g") { _ in try await sim.sleep(for: .seconds(10)) }
      try await withThrowingTaskGroup { tasks in
        tasks.addTask { try await bus.runUntilCancelled() }
        for number in 0..<3 { try await bus.publish(number, as: Topic.number, subject: "s\(number % 2)") }
        try await sim.sleep(for: .milliseconds(1))
        tasks.cancelAll()
        bus.removeGroup("g", of: Topic.number)
        try await tasks.waitForAll()
      }
      try sim.require(bus.deadLetters.count == 3, "\(bus.deadLetters.letters)")
      try await bus.waitUntilIdle()
    }
  }

  @Test func runThrowsAsSoonAsItIsCancelledAndDeliversNothing() throws {
    try Simulation.explore(seeds: 0..<50) { sim in
      let bus = EventBus(source: "tests")
      let handled = Log<Int>()
      try bus.handle(Topic.number, in: "g") { handled.append($0.data) }
      try await bus.publish(1, as: Topic.number)
      let error = await withTaskGroup(of: (any Error)?.self) { tasks in
        tasks.cancelAll()
        tasks.addTask {
          do {
            try await bus.run()
            return nil
          } catch {
            return error
          }
        }
        return await tasks.next() ?? nil
      }
      try sim.require(error is CancellationError, "run() ended with \(String(describing: error))")
      try sim.require(handled.entries.isEmpty && bus.snapshot().outstanding == 1, "\(bus.snapshot())")
    }
  }

  @Test func waitUntilIdleCanBeCancelledAndLeavesNothing() throws {
    try Simulation.explore(seeds: 0..<50) { sim in
      let bus = EventBus(source: "tests")
      try await bus.waitUntilIdle()
      try bus.handle(Topic.number, in: "g") { _ in }
      try await bus.publish(1, as: Topic.number)
      await withTaskGroup { tasks in
        tasks.addTask {
          await #expect(throws: CancellationError.self) { try await bus.waitUntilIdle() }
        }
        try? await sim.sleep(for: .seconds(1))
        tasks.cancelAll()
      }
      #expect(bus.update { $0.idleWaiters.count } == 0)
      try await bus.running { try await bus.waitUntilIdle() }
    }
  }

  /// With a clock that shows its timers: what is cancelled takes its timer along.
  @Test func row57_aCancelledRunLeavesNoTimer() async throws {
    let clock = ManualClock()
    let environment = CallEnvironment(clock: clock, random: SeededRandomSource(seed: 1))
    try await CallContext.withEnvironment(environment) {
      let bus = EventBus(source: "tests")
      try bus.handle(Topic.number, in: "g", .every(.seconds(10))) { _ in throw Broken() }
      try await bus.running {
        try await bus.publish(1, as: Topic.number)
        try await clock.waitForSleepers(1)
        #expect(clock.sleeperCount == 1)
      }
      #expect(clock.sleeperCount == 0)
      #expect(bus.snapshot().groups.map(\.waiting) == [1])
    }
  }

  @Test func oneRunAtATime() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      let bus = EventBus(source: "tests")
      try await withThrowingTaskGroup { tasks in
        for _ in 0..<2 { tasks.addTask { try await bus.run() } }
        try await tasks.next()
      }
    }
    let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(message.contains("while another run() is under way"))
  }
}
