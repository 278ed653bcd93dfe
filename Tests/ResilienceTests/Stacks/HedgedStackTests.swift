import Resilience
import ResilienceTestKit
import ResilienceTestSupport
import Testing

private struct Down: Error {}

/// Hedges among the other patterns.
@Suite struct HedgedStackTests {
  private static let policy = HedgePolicy(maxAttempts: 3, delay: .fixed(.milliseconds(50)))

  private static func registry(_ instances: [String]) -> ServiceRegistry {
    let registry = ServiceRegistry()
    for id in instances {
      registry.register(ServiceInstance(id: id, service: "stock"), ttl: .seconds(3600))
    }
    return registry
  }

  @Test(arguments: [BalancingStrategy.powerOfTwoChoices, .roundRobin])
  func attemptsThatRunAtTheSameTimeGoToDifferentInstances(strategy: BalancingStrategy) throws {
    for seed in 1...50 as ClosedRange<UInt64> {
      let picked = try Simulation(seed: seed).run { simulation in
        let picked = Log<String>()
        let call = Self.registry(["a", "b", "c"]).service("stock").balanced(strategy) { instance in
          ServiceCall(instance.id) { (_: Int) in
            picked.append(instance.id)
            try await simulation.sleep(for: .milliseconds(500))
          }
        }.hedge(Self.policy, budget: nil)
        // Other calls go on beside it.
        try await withThrowingTaskGroup(of: Void.self) { calls in
          try await call(1)
          let alone = Set(picked.entries)
          #expect(alone == ["a", "b", "c"])
          for number in 1...3 { calls.addTask { try await call(number) } }
          try await calls.waitForAll()
        }
        return picked.entries
      }
      #expect(picked.count == 12)
    }
  }

  @Test func aHedgeAnswersForAnInstanceThatHangs() throws {
    try Simulation.explore(seeds: 0..<50) { simulation in
      let call = Self.registry(["a", "b"]).service("stock").balanced(.powerOfTwoChoices) { instance in
        ServiceCall(instance.id) { (_: Int) in
          try await simulation.sleep(for: instance.id == "a" ? .seconds(3600) : .milliseconds(10))
          return instance.id
        }
      }.hedge(Self.policy, budget: nil)
      for number in 1...10 {
        let begin = simulation.now
        let answer = try await call(number)
        let took = begin.duration(to: simulation.now)
        try simulation.require(answer == "b" && took <= .milliseconds(60), "\(answer) after \(took)")
      }
    }
  }

  /// A loser that is left behind holds its permit until it has really ended, so that a bulkhead inside bounds
  /// how many there are; and its end says nothing to a breaker there.
  @Test func row74_aLoserThatIsLeftBehindHoldsItsPermitUntilItEnds() throws {
    try Simulation(seed: 1).run { simulation in
      let (bulkhead, breaker) = (Bulkhead("stock", limit: 3), CircuitBreaker("stock"))
      let abandoned = AbandonedWork("stock")
      let call = ServiceCall("stock") { (_: Int, context: CallContext) in
        guard context.attempt == 1 else { return }
        await uninterrupted(for: .seconds(10))
        throw Down()
      }
      .bulkhead(bulkhead).circuitBreaker(breaker)
      .hedge(HedgePolicy(delay: .fixed(.milliseconds(100))), budget: nil, abandoning: abandoned)
      for number in 1...2 { try await call(number) }
      #expect(simulation.now == .milliseconds(200))
      #expect(abandoned.snapshot().running == 2)
      #expect(bulkhead.snapshot().inUse == 2)
      // The third's first attempt takes the last permit, so that there is none to hedge with.
      await #expect(throws: Down.self) { try await call(3) }
      #expect(simulation.now == .milliseconds(10_200))
      #expect(abandoned.snapshot() == AbandonedWorkSnapshot(name: "stock", running: 0, total: 2))
      #expect(bulkhead.snapshot().inUse == 0)
      #expect(breaker.snapshot().windowFailures == 1, "the third's, which nobody cancelled")
    }
  }

  /// An instance whose breaker is open refuses, and the balancer goes on to another: the hedge notices
  /// nothing.
  @Test func row30_aHedgeThatEveryInstanceRefusesLeavesTheFirstAttemptAlone() throws {
    try Simulation(seed: 1).run { simulation in
      let breaker = CircuitBreaker(
        "b",
        policy: CircuitBreakerPolicy(
          window: .count(4), failureRate: 0.5, minimumThroughput: 2, openTime: .seconds(5),
          maxOpenTime: .seconds(60), halfOpenPermits: 1))
      for _ in 1...2 { try? await ServiceCall { (_: Int) in throw Down() }.circuitBreaker(breaker)(1) }
      let calls = Log<String>()
      let call = ServiceCall("stock") { (_: Int, context: CallContext) in
        calls.append("attempt \(context.attempt)")
        if context.attempt > 1 { try await breaker.run {} }
        try await simulation.sleep(for: .milliseconds(200))
      }.hedge(Self.policy, budget: nil)
      try await call(1)
      #expect(calls.entries == ["attempt 1", "attempt 2"])
      #expect(simulation.now == Instant(nanoseconds: 200_000_000))
    }
  }

  @Test func row32_anAttemptsTimeLimitIsItsOwnAndTheNextBeginsThen() throws {
    try Simulation(seed: 1).run { simulation in
      let begun = Log<Instant>()
      let call = ServiceCall("stock") { (_: Int, context: CallContext) in
        begun.append(simulation.now)
        try await simulation.sleep(for: context.attempt == 3 ? .milliseconds(5) : .seconds(3600))
        return Int(context.attempt)
      }.timeout(.milliseconds(30)).hedge(Self.policy, budget: nil)
      let winner = try await call(1)
      #expect(winner == 3)
      #expect(begun.entries.map { $0.nanoseconds / 1_000_000 } == [0, 30, 60])
    }
  }

  @Test func row25_aHedgedCallEndsWithItsDeadline() throws {
    try Simulation.explore(seeds: 0..<20) { simulation in
      let call = ServiceCall("stock") { (_: Int) in try await simulation.sleep(for: .seconds(3600)) }
        .timeout(.seconds(60)).hedge(Self.policy, budget: nil).retry(budget: nil).deadline(.seconds(1))
      do {
        try await call(1)
      } catch is TimedOut {}
      try simulation.require(simulation.now <= Instant(nanoseconds: 1_000_000_000), "late: \(simulation.now)")
    }
  }

  @Test func eachAttemptAndItsEndIsInTheTrace() throws {
    let waterfall = try Simulation(seed: 1).run { simulation in
      let tracer = CallTracer("test")
      let call = ServiceCall("stock") { (_: Int, context: CallContext) in
        try await simulation.sleep(for: context.attempt == 1 ? .seconds(60) : .milliseconds(5))
      }.hedge(Self.policy).trace(tracer)
      try await call(1)
      let trace = try #require(tracer.store.traces.first)
      #expect(tracer.store.spans(inTrace: trace).map(\.role) == [.call, .hedge, .hedge])
      return tracer.store.waterfall(of: trace)
    }
    #expect(waterfall.contains("hedge.started call=stock attempt=2 after_seconds=0.05"))
    #expect(waterfall.contains("hedge.won call=stock attempt=2"))
    #expect(waterfall.contains("hedge.lost call=stock attempt=1"))
  }

  @Test func row21_aCallDepositsOnceHoweverManyLayersShareTheBudget() throws {
    let budget = RetryBudget(ratio: 1, reserve: 10, refillInterval: nil)
    while budget.withdraw() {}
    try Simulation(seed: 1).run { _ in
      let call = ServiceCall { (_: Int) in }
        .retry(budget: budget).hedge(Self.policy, budget: budget).retry(budget: budget)
      for _ in 1...3 { try await call(1) }
    }
    #expect(budget.available == 3)
  }
}
