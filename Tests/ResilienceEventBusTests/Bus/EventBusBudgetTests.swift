import ResilienceCore
import ResilienceEventBus
import ResilienceTestKit
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
      bus.subscribe(
        to: Topic.number, group: "g", policy: policy, budget: budget,
        handler: EventHandler("g") { (event: Event<Int>) in
          instants.append(sim.now)
          if let error = isBroken(event) { throw error }
        })
      try await bus.running {
        for number in 1...events { try bus.publish(number, as: Topic.number, deadline: deadline) }
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
      bus.subscribe(
        to: Topic.number, group: "g", budget: budget,
        handler: EventHandler("g") { (_: Event<Int>) in try await sim.sleep(for: .seconds(5)) })
      try bus.publish(1, as: Topic.number)
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
        bus.subscribe(
          to: Topic.number, group: group, policy: .every(.seconds(1)), budget: budget,
          handler: EventHandler(group) { (event: Event<Int>, context: CallContext) in
            claimed.append(context.callID != 0)
            if group == "g", event.attempt == 1 { throw Broken() }
          })
      }
      try await bus.running {
        try bus.publish(1, as: Topic.number)
        try await bus.waitUntilIdle()
      }
    }
    #expect(claimed.entries.sorted { !$0 && $1 } == [false, true, true])
  }
}
