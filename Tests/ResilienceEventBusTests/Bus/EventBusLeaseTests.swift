import ResilienceCore
import ResilienceTestKit
import ResilienceTestSupport
import Testing

@testable import ResilienceEventBus

@Suite struct EventBusLeaseTests {
  private static func leased(
    _ seconds: Int, maxDeliveries: Int = 5, parallelism: Int = 16
  ) -> DeliveryPolicy {
    DeliveryPolicy(
      maxDeliveries: maxDeliveries, backoff: .constant(.seconds(1), jitter: .none), parallelism: parallelism,
      lease: .seconds(seconds))
  }

  /// What repeats within the process is bounded by the lease; longer waits are redeliveries.
  @Test func row56_attemptsWithinADeliveryEndWithItsLease() throws {
    try Simulation.explore(seeds: 0..<20) { sim in
      let bus = EventBus(source: "tests")
      let attempts = Log<(delivery: Int, at: Instant)>()
      try bus.handle(Topic.number, in: "g", Self.leased(10, maxDeliveries: 2)) { event in
        while true {
          attempts.append((event.attempt, sim.now))
          try await sim.sleep(for: .seconds(4))
        }
      }
      try await bus.running {
        try await bus.publish(1, as: Topic.number)
        try await bus.waitUntilIdle()
      }
      let entries = attempts.entries
      try sim.require(entries.map(\.delivery) == [1, 1, 1, 2, 2, 2], "\(entries)")
      try sim.require(entries.map(\.at) == [.s(0), .s(4), .s(8), .s(11), .s(15), .s(19)], "\(entries)")
      let letter = bus.deadLetters.letters.first
      try sim.require(letter?.reason == .exhausted(deliveries: 2), "\(bus.deadLetters.letters)")
      try sim.require(letter?.lastError == "\(LeaseEnded(lease: .seconds(10)))", "\(bus.deadLetters.letters)")
      try sim.require(bus.group("g")?.leasesEnded == 2, "\(bus.snapshot())")
    }
  }

  @Test func row56_aHandlerThatSaysThatItGoesOnKeepsItsDelivery() throws {
    try Simulation.explore(seeds: 0..<20) { sim in
      let bus = EventBus(source: "tests")
      let holds = Log<Bool>()
      try bus.handle(Topic.number, in: "g", Self.leased(10)) { event in
        for _ in 0..<5 {
          try await sim.sleep(for: .seconds(9))
          holds.append(bus.extendLease(of: event))
        }
      }
      try await bus.running {
        try await bus.publish(1, as: Topic.number)
        try await bus.waitUntilIdle()
      }
      try sim.require(holds.entries == Array(repeating: true, count: 5) && sim.now == .s(45), "\(sim.now)")
      try sim.require(
        bus.group("g")?.delivered == 1 && bus.group("g")?.redeliveries == 0, "\(bus.snapshot())")
    }
  }

  @Test func row56_aLeaseThatHasEndedCannotBeExtended() throws {
    try Simulation.explore(seeds: 0..<20) { sim in
      let bus = EventBus(source: "tests")
      let holds = Log<Bool>()
      let events = Log<Event<Int>>()
      try bus.handle(Topic.number, in: "g", Self.leased(10, maxDeliveries: 1)) { event in
        events.append(event)
        await sim.sleepThroughCancellation(until: .s(11))
        holds.append(bus.extendLease(of: event))
      }
      try bus.handle(Topic.text, in: "h", DeliveryPolicy(lease: nil)) { event in
        holds.append(bus.extendLease(of: event))
      }
      try await bus.running {
        try await bus.publish(1, as: Topic.number)
        try await sim.sleep(for: .seconds(12))
        try await bus.publish("without a lease", as: Topic.text)
        try await bus.waitUntilIdle()
      }
      let event = try Event(source: "s", type: Topic.number, data: 1)
      holds.append(bus.extendLease(of: event))
      if let delivered = events.entries.first { holds.append(bus.extendLease(of: delivered)) }
      try sim.require(holds.entries == [false, true, false, false], "\(holds.entries)")
      try sim.require(bus.group("g")?.deadLettered == 1, "\(bus.snapshot())")
    }
  }

  /// It holds neither its subject, nor a place, nor the end of run().
  @Test func aHandlerThatNeverReturnsHoldsNothingUp() throws {
    try Simulation.explore(seeds: 0..<50) { sim in
      let bus = EventBus(source: "tests")
      let handled = Log<Int>()
      let never = Log<UnsafeContinuation<Void, Never>>()
      try bus.handle(Topic.number, in: "g", Self.leased(10, maxDeliveries: 2, parallelism: 1)) { event in
        if event.data == 1 { await withUnsafeContinuation { never.append($0) } }
        handled.append(event.data)
      }
      try await bus.running {
        for number in 1...4 {
          try await bus.publish(number, as: Topic.number, subject: number < 3 ? "a" : nil)
        }
        try await bus.waitUntilIdle()
        try sim.require(handled.entries.sorted() == [2, 3, 4], "\(handled.entries)")
        try sim.require(bus.deadLetters.count == 1, "\(bus.deadLetters.letters)")
      }
      try sim.require(sim.now == .s(21), "\(sim.now)")
      // They return at last: nothing comes of it.
      let before = bus.snapshot()
      for continuation in never.entries { continuation.resume() }
      try await sim.sleep(for: .seconds(1))
      try sim.require(
        before.groups.map(\.delivered) == bus.snapshot().groups.map(\.delivered), "\(bus.snapshot())")
    }
  }

  @Test func runEndsWhenTheLeaseOfAHandlerThatIgnoresItsCancellationDoes() throws {
    try Simulation.explore(seeds: 0..<50) { sim in
      let bus = EventBus(source: "tests")
      try bus.handle(Topic.number, in: "g", Self.leased(10)) { _ in
        await sim.sleepThroughCancellation(until: .s(1_000))
      }
      try await bus.running {
        try await bus.publish(1, as: Topic.number)
        try await sim.sleep(for: .seconds(3))
      }
      try sim.require(sim.now == .s(10), "run() ended at \(sim.now)")
      try sim.require(bus.snapshot().outstanding == 1, "\(bus.snapshot())")
    }
  }

  /// Whatever ends first, a delivery is settled once: leases, ends, extensions and a cancelled run() at
  /// random.
  @Test func whateverLeasesDoEachEventIsSettledOnce() throws {
    try Simulation.explore(seeds: 0..<200) { sim in
      let dice = SeededRandomSource(seed: sim.seed)
      let bus = EventBus(source: "tests")
      let policy = DeliveryPolicy(
        maxDeliveries: 3, backoff: .constant(.milliseconds(2), jitter: .none), parallelism: 2,
        lease: .milliseconds(4))
      var subscriptions: [Subscription] = []
      let consume: @Sendable () throws -> Subscription = {
        try bus.handle(Topic.number, in: "g", policy) { event in
          let time = Duration.milliseconds(dice.next(below: 9))
          if dice.next(below: 3) == 0 { bus.extendLease(of: event) }
          if dice.next(below: 2) == 0 {
            await sim.sleepThroughCancellation(until: sim.now.advanced(by: time))
          } else {
            try await sim.sleep(for: time)
          }
          if dice.next(below: 3) == 0 { throw Broken() }
        }
      }
      subscriptions.append(try consume())
      var published = 0
      for _ in 0..<3 {
        try await bus.running {
          for _ in 0..<6 {
            try await bus.publish(published, as: Topic.number, subject: "s\(published % 3)")
            published += 1
            try await sim.sleep(for: .milliseconds(dice.next(below: 5)))
            // Consumers come and go while events wait for their redelivery.
            if dice.next(below: 3) == 0 { subscriptions.append(try consume()) }
            if dice.next(below: 3) == 0, subscriptions.count > 1 { subscriptions.removeFirst().cancel() }
          }
        }
      }
      try await bus.running { try await bus.waitUntilIdle() }
      let group = bus.group("g")
      try sim.require(group?.enqueued == published && group?.outstanding == 0, "\(bus.snapshot())")
      try sim.require((group?.delivered ?? 0) + bus.deadLetters.count == published, "\(bus.snapshot())")
    }
  }

  @Test func row87_oneGroupHasOnePolicyAndOneBudget() throws {
    let bus = EventBus(source: "tests")
    let budget = RetryBudget()
    let handler = EventHandler("g") { (_: Event<Int>) in }
    let first = try bus.subscribe(
      to: Topic.number, group: "g", policy: Self.leased(10), budget: budget, handler: handler)
    let error = #expect(throws: GroupConflict.self) {
      try bus.subscribe(
        to: Topic.number, group: "g", policy: Self.leased(20, parallelism: 3), budget: budget,
        handler: handler)
    }
    #expect(
      error.map { "\($0)" }
        == "group \"g\" of \"number\" was not subscribed to: it has parallelism 16, not 3, lease 10s, not 20s"
    )
    let other = #expect(throws: GroupConflict.self) {
      try bus.subscribe(to: Topic.number, group: "g", policy: Self.leased(10), handler: handler)
    }
    #expect(other.map { "\($0)" }?.contains("its retry budget is another one") == true)
    // What it was refused for is the group's, whoever left it.
    first.cancel()
    #expect(throws: GroupConflict.self) {
      try bus.respond(
        to: Topic.number, with: Topic.answer, group: "g",
        handler: ServiceCall("g") { (_: Event<Int>) in "" })
    }
    try bus.subscribe(
      to: Topic.number, group: "g", policy: Self.leased(10), budget: budget, handler: handler)
    try bus.subscribe(to: Topic.number, group: "other", handler: handler)
    #expect(bus.group("g")?.subscriptions == 1)
    bus.removeGroup("g", of: Topic.number)
    try bus.subscribe(to: Topic.number, group: "g", handler: handler)
  }

  @Test func aPolicyIsChangedWhileHandlersRun() throws {
    try Simulation.explore(seeds: 0..<50) { sim in
      let bus = EventBus(source: "tests")
      let gauge = Gauge()
      let mosts = Log<Int>()
      try bus.handle(Topic.number, in: "g", DeliveryPolicy(parallelism: 4)) { _ in
        gauge.enter()
        defer { gauge.leave() }
        try await sim.sleep(for: .seconds(1))
      }
      try await bus.running {
        for number in 0..<60 { try await bus.publish(number, as: Topic.number) }
        for (parallelism, expected) in [(4, 4), (2, 2), (7, 7), (1, 1)] {
          try sim.require(
            bus.update(DeliveryPolicy(parallelism: parallelism), forGroup: "g", of: Topic.number), "no group")
          // What runs finishes by the old one.
          try await sim.sleep(for: .milliseconds(1_500))
          try sim.require(gauge.now == expected, "\(gauge.now) run, not \(expected)")
          try await sim.sleep(for: .milliseconds(500))
        }
        try await bus.waitUntilIdle()
        // Idle ones are no more than are allowed, either.
        for number in 0..<6 { try await bus.publish(number, as: Topic.number) }
        try await sim.sleep(for: .milliseconds(500))
        mosts.append(gauge.now)
        try sim.require(
          !bus.update(DeliveryPolicy(), forGroup: "h", of: Topic.number), "there is no such group")
        try await bus.waitUntilIdle()
      }
      try sim.require(mosts.entries == [1], "\(mosts.entries)")
      try sim.require(bus.group("g")?.delivered == 66, "\(bus.snapshot())")
    }
  }

  @Test func aPolicyTakesEffectAtOnceForThoseWhoWait() throws {
    try Simulation.explore(seeds: 0..<20) { sim in
      let bus = EventBus(source: "tests", policy: EventBusPolicy(queueCapacity: 3))
      let gauge = Gauge()
      let policy: @Sendable (Int, Overflow) -> DeliveryPolicy = {
        DeliveryPolicy(parallelism: $0, overflow: $1)
      }
      try bus.handle(Topic.number, in: "g", policy(1, .wait)) { _ in
        gauge.enter()
        try await sim.sleep(for: .seconds(100))
      }
      try await bus.running {
        for number in 0..<3 { try await bus.publish(number, as: Topic.number) }
        try await withThrowingTaskGroup(of: Void.self) { tasks in
          for number in 3..<5 { tasks.addTask { _ = try await bus.publish(number, as: Topic.number) } }
          try await sim.sleep(for: .seconds(1))
          try sim.require(gauge.now == 1 && bus.snapshot().published == 3, "\(bus.snapshot())")
          bus.update(policy(1, .dropOldest), forGroup: "g", of: Topic.number)
          try await tasks.waitForAll()
          try sim.require(sim.now == .s(1) && bus.group("g")?.dropped == 2, "\(bus.snapshot())")
        }
        bus.update(policy(3, .dropOldest), forGroup: "g", of: Topic.number)
        try await sim.sleep(for: .seconds(1))
        try sim.require(gauge.now == 3, "\(gauge.now) run")
      }
    }
  }
}
