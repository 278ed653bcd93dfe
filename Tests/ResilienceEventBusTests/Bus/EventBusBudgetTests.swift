import ResilienceCore
import ResilienceEventBus
import ResilienceTestKit
import ResilienceTestSupport
import Testing

/// Redeliveries and the budget of the destination that the handler calls.
@Suite struct EventBusBudgetTests {
  private func emptied(ratio: Double = 1) -> RetryBudget {
    let budget = RetryBudget(ratio: ratio, reserve: 10)
    while budget.withdraw() {}
    return budget
  }

  /// Publishes so many events of their own subjects at once, whose handler fails where `isBroken` says so.
  private func deliveries(
    of events: Int, _ policy: DeliveryPolicy, _ budget: RetryBudget, deadline: Deadline = .never,
    throwing isBroken: @escaping @Sendable (Event<Int>) -> (any Error)?
  ) throws -> (instants: [Instant], letters: [DeadLetter]) {
    try Simulation(seed: 1).run { sim in
      let bus = EventBus(source: "tests")
      let instants = Log<Instant>()
      try bus.subscribe(
        to: Topic.number, group: "g", policy: policy, budget: budget,
        handler: EventHandler("g") { (event: Event<Int>) in
          instants.append(sim.now)
          if let error = isBroken(event) { throw error }
        })
      try await bus.running {
        for number in 1...events { try await bus.publish(number, as: Topic.number, deadline: deadline) }
        try await bus.waitUntilIdle()
      }
      return (instants.entries, bus.deadLetters.letters)
    }
  }

  @Test func anEventDepositsWithItsFirstOutcomeOnly() throws {
    let budget = emptied()
    _ = try deliveries(of: 4, .every(.seconds(1)), budget) { _ in nil }
    #expect(budget.available == 4)
    _ = try deliveries(of: 1, .every(.seconds(1)), budget) { $0.attempt < 3 ? Broken() : nil }
    #expect(budget.available == 3, "one deposit, two redeliveries")
    _ = try deliveries(of: 1, .every(.seconds(1)), budget) { _ in PoisonEvent("bad") }
    #expect(budget.available == 4, "poison was delivered, too")
  }

  /// Of a hundred that fail together the reserve and a share come again soon; the others late, but they come.
  @Test func whatTheBudgetRefusesComesAfterTheLongestDelayAndIsNotLost() throws {
    let budget = RetryBudget(ratio: 0.1, reserve: 3)
    let policy = DeliveryPolicy(
      maxDeliveries: 2, backoff: .exponential(base: .seconds(1), cap: .seconds(30), jitter: .none),
      parallelism: 100)
    let (instants, letters) = try deliveries(of: 100, policy, budget) { $0.attempt < 2 ? Broken() : nil }
    #expect(instants.count { $0 == .s(0) } == 100)
    #expect(instants.count { $0 == .s(1) } == 13)
    #expect(instants.count { $0 == .s(31) } == 87)
    #expect(instants.count == 200)
    #expect(letters.isEmpty)
    #expect(budget.snapshot().granted == 13)
  }

  @Test func thePutOffDeliveriesAreSpreadByTheJitter() throws {
    let policy = DeliveryPolicy(maxDeliveries: 2, backoff: .constant(.seconds(10)), parallelism: 100)
    let (instants, _) = try deliveries(of: 100, policy, emptied(ratio: 0)) {
      $0.attempt < 2 ? Broken() : nil
    }
    let late = instants.filter { $0 > .s(0) }
    #expect(late.allSatisfy { $0 >= .s(10) && $0 <= .s(20) })
    #expect(Set(late).count == 100)
  }

  @Test func whatWouldExpireBeforeItIsADeadLetterAtOnce() throws {
    let (instants, letters) = try deliveries(
      of: 1, .every(.seconds(1)), emptied(ratio: 0), deadline: Deadline(at: .s(1.5))
    ) { _ in Broken() }
    #expect(instants == [.s(0)])
    #expect(letters.map(\.reason) == [.expired])
    #expect(letters.map(\.time.description) == ["2000-01-01T00:00:00Z"])
  }

  /// A handler that the shutdown interrupted did not say anything: the delivery that counts deposits.
  @Test func whatTheShutdownGivesBackDepositsWhenItIsDeliveredAgain() throws {
    let budget = emptied()
    try Simulation(seed: 1).run { sim in
      let bus = EventBus(source: "tests")
      try bus.subscribe(
        to: Topic.number, group: "g", budget: budget,
        handler: EventHandler("g") { (_: Event<Int>) in try await sim.sleep(for: .seconds(5)) })
      try await bus.publish(1, as: Topic.number)
      try await bus.running { try await sim.sleep(for: .seconds(1)) }
      #expect(budget.available == 0)
      try await bus.running { try await bus.waitUntilIdle() }
      #expect(budget.available == 1)
    }
  }

  /// What repeats calls inside sees that the event is the logical call.
  @Test func row21_aHandlerThatSharesTheBudgetFindsTheCallClaimed() throws {
    let claimed = Log<Bool>()
    try Simulation(seed: 1).run { sim in
      let bus = EventBus(source: "tests")
      for (group, budget) in [("g", RetryBudget()), ("h", nil)] {
        try bus.subscribe(
          to: Topic.number, group: group, policy: .every(.seconds(1)), budget: budget,
          handler: EventHandler(group) { (event: Event<Int>, context: CallContext) in
            claimed.append(context.callID != 0)
            if group == "g", event.attempt == 1 { throw Broken() }
          })
      }
      try await bus.running {
        try await bus.publish(1, as: Topic.number)
        try await bus.waitUntilIdle()
      }
    }
    #expect(claimed.entries.sorted { !$0 && $1 } == [false, true, true])
  }

  // MARK: - Row 68: what one of our own layers refused put no load on the destination

  @Test func row68_aRefusalTakesNoTokenAndTheFirstRealOutcomeDeposits() throws {
    let budget = emptied()
    let (instants, letters) = try deliveries(of: 1, .every(.seconds(1)), budget) {
      $0.attempt < 4 ? Busy(retryAt: nil) : nil
    }
    #expect(instants == [.s(0), .s(1), .s(2), .s(3)], "not put off, though the budget is empty")
    #expect(letters.isEmpty)
    #expect(budget.snapshot().refused == 1, "which emptied it")
    #expect(budget.available == 1)
  }

  /// Failed, refused, failed, handled: two deliveries more than the first reached the destination.
  @Test func row68_aTokenOutlivesTheRefusalOfItsRedelivery() throws {
    let budget = RetryBudget(ratio: 0, reserve: 5)
    let (instants, _) = try deliveries(of: 1, .every(.seconds(1)), budget) {
      switch $0.attempt {
      case 2: Busy(retryAt: nil)
      case 4: nil
      default: Broken()
      }
    }
    #expect(instants.count == 4)
    #expect(budget.snapshot().granted == 2)
    #expect(budget.available == 3)
  }

  @Test func row68_theTokenOfARedeliveryThatNeverReachedTheDestinationGoesBack() throws {
    let budget = RetryBudget(ratio: 0, reserve: 5)
    // Given up as the last delivery is refused; as its redelivery would be too late.
    for (maxDeliveries, deadline) in [(2, Deadline.never), (9, Deadline(at: .s(2)))] {
      let (instants, letters) = try deliveries(
        of: 1, .every(.seconds(1), maxDeliveries: maxDeliveries), budget, deadline: deadline
      ) {
        $0.attempt == 1 ? Broken() as any Error : Busy(retryAt: nil)
      }
      #expect(instants.count == 2)
      #expect(letters.count == 1)
      #expect(budget.available == 5)
    }
    #expect(budget.snapshot().granted == 2)
  }

  /// A throttle's token is the failure before: the refusal of the redelivery does not undo it.
  @Test func row68_aThrottleKeepsTheFailureBeforeARefusedRedelivery() throws {
    let throttle = RetryBudget.throttle(maxTokens: 10)
    let (instants, letters) = try deliveries(of: 1, .every(.seconds(1), maxDeliveries: 2), throttle) {
      $0.attempt == 1 ? Broken() as any Error : Busy(retryAt: nil)
    }
    #expect(instants.count == 2)
    #expect(letters.count == 1)
    // 9 tokens are left, and retries need more than 5: five failures in a row stop them.
    #expect(throttle.available == 4 - 1)
  }

  @Test func row68_theTokenOfAnEventThatExpiresBeforeItsRedeliveryBeginsGoesBack() throws {
    let budget = RetryBudget(ratio: 0, reserve: 5)
    // Both fail at once and are due again at once; the second waits for the worker until it is too late.
    try Simulation(seed: 1).run { sim in
      let bus = EventBus(source: "tests")
      let handled = Log<Int>()
      try bus.subscribe(
        to: Topic.number, group: "g", policy: .every(.seconds(1), parallelism: 1), budget: budget,
        handler: EventHandler("g") { (event: Event<Int>) in
          handled.append(event.data)
          if event.attempt == 1 { throw Broken() }
          try await sim.sleep(for: .seconds(5))
        })
      try await bus.running {
        for number in 1...2 { try await bus.publish(number, as: Topic.number, deadline: Deadline(at: .s(3))) }
        try await bus.waitUntilIdle()
      }
      #expect(handled.entries.count == 3)
      #expect(bus.deadLetters.letters.map(\.reason) == [.expired])
    }
    #expect(budget.snapshot().granted == 2)
    #expect(budget.available == 4)
  }

  /// While it waits, and while its next delivery runs, which fails then.
  @Test(arguments: [1500, 2500] as [Int64])
  func row68_theTokenOfARemovedGroupGoesBackUnlessItsRedeliveryWasMade(removedAt: Int64) throws {
    let budget = RetryBudget(ratio: 0, reserve: 5)
    try Simulation(seed: 1).run { sim in
      let bus = EventBus(source: "tests")
      let subscription = try bus.subscribe(
        to: Topic.number, group: "g", policy: .every(.seconds(1)), budget: budget,
        handler: EventHandler("g") { (_: Event<Int>) in
          try await sim.sleep(for: .seconds(1))
          throw Broken()
        })
      try await bus.running {
        try await bus.publish(1, as: Topic.number)
        try await sim.sleep(for: .milliseconds(removedAt))
        // Whose budget it was is known all the same.
        subscription.cancel()
        bus.removeGroup("g", of: Topic.number)
        try await bus.waitUntilIdle()
      }
      #expect(bus.deadLetters.letters.map(\.reason) == [.noSubscriber])
    }
    #expect(budget.available == (removedAt < 2000 ? 5 : 4))
  }

  /// A throttle's token is the failure before: the removal does not undo it.
  @Test func row68_aThrottleKeepsTheFailureBeforeTheGroupWasRemoved() throws {
    let throttle = RetryBudget.throttle(maxTokens: 10)
    try Simulation(seed: 1).run { sim in
      let bus = EventBus(source: "tests")
      try bus.subscribe(
        to: Topic.number, group: "g", policy: .every(.seconds(1)), budget: throttle,
        handler: EventHandler("g") { (_: Event<Int>) in throw Broken() })
      try await bus.running {
        try await bus.publish(1, as: Topic.number)
        try await sim.sleep(for: .milliseconds(500))
        bus.removeGroup("g", of: Topic.number)
        try await bus.waitUntilIdle()
      }
      #expect(bus.deadLetters.letters.map(\.reason) == [.noSubscriber])
    }
    #expect(throttle.available == 4 - 1)
  }

  @Test func row68_theShutdownKeepsTheTokenForTheNextDelivery() throws {
    let budget = RetryBudget(ratio: 0, reserve: 5)
    try Simulation(seed: 1).run { sim in
      let bus = EventBus(source: "tests")
      try bus.subscribe(
        to: Topic.number, group: "g", policy: .every(.seconds(1)), budget: budget,
        handler: EventHandler("g") { (event: Event<Int>) in
          if event.attempt == 1 { throw Broken() }
          try await sim.sleep(for: .seconds(5))
        })
      try await bus.publish(1, as: Topic.number)
      for _ in 0..<3 {
        try await bus.running { try await sim.sleep(for: .seconds(2)) }
        #expect(budget.available == 4)
      }
      try await bus.running { try await bus.waitUntilIdle() }
    }
    #expect(budget.available == 4)
    #expect(budget.snapshot().granted == 1)
  }
}
