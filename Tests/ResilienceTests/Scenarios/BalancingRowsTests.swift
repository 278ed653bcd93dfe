import Resilience
import ResilienceTestKit
import Testing

private struct Down: Error {}

private func service(_ ids: [String]) -> (ServiceRegistry, RegisteredService) {
  let registry = ServiceRegistry()
  for id in ids { registry.register(ServiceInstance(id: id, service: "stock"), ttl: .seconds(1_000_000)) }
  return (registry, registry.service("stock"))
}

private func counts(_ log: Log<String>) -> [String: Int] {
  Dictionary(grouping: log.entries) { $0 }.mapValues(\.count)
}

/// What goes on between a balancer and the layers around and inside it.
@Suite struct BalancingRowsTests {
  static let strategies: [BalancingStrategy] = [.roundRobin, .powerOfTwoChoices, .peakEWMA, .consistentHash]

  @Test func row75_aRetryMovesNobodysTurn() throws {
    try Simulation(seed: 1).run { _ in
      let (first, second) = (Log<String>(), Log<String>())
      let call = service(["a", "b"]).1.balanced(.roundRobin) { instance in
        ServiceCall(instance.id) { (_: Void, context: CallContext) in
          (context.attempt == 1 ? first : second).append(instance.id)
          if instance.id == "a" { throw Down() }
        }
      }.retry(RetryPolicy(maxAttempts: 2, backoff: .none), budget: nil)
      for _ in 0..<600 { try await call() }
      #expect(counts(first) == ["a": 300, "b": 300])
      #expect(counts(second) == ["b": 300])
    }
  }

  @Test func row75_aRefusalMovesNobodysTurnAndIsSpreadOverAllTheOthers() throws {
    try Simulation(seed: 1).run { _ in
      let breakers = CircuitBreakers<String>("stock")
      breakers["d"].set(.forcedOpen)
      let answered = Log<String>()
      let call = service(["a", "b", "c", "d"]).1.balanced(.roundRobin) { instance in
        ServiceCall(instance.id) { (_: Void) in answered.append(instance.id) }
          .circuitBreaker(breakers[instance.id])
      }
      for _ in 0..<1200 { try await call() }
      #expect(counts(answered) == ["a": 400, "b": 400, "c": 400])
    }
  }

  @Test func row76_balancersDoNotAllBeginWithTheSameInstance() throws {
    try Simulation(seed: 1).run { _ in
      let begun = Log<String>()
      let stock = service((0..<10).map { "\($0)" }).1
      for _ in 0..<100 {
        try await stock.balancer(.roundRobin).run { begun.append($0.id) }
      }
      #expect(counts(begun).count == 10)
      #expect(counts(begun).values.allSatisfy { $0 <= 20 })
    }
  }

  @Test(arguments: strategies, [6, 24])
  func row77_asManyAttemptsAsThereAreInstancesTryEachOnce(strategy: BalancingStrategy, count: Int) throws {
    try Simulation(seed: 1).run { _ in
      let tried = Log<String>()
      let call = service((0..<count).map { "\($0)" }).1.balanced(
        BalancingPolicy(strategy), key: { (_: Int) in "one key" }
      ) { instance in
        ServiceCall(instance.id) { (_: Int) in
          tried.append(instance.id)
          throw Down()
        }
      }.retry(RetryPolicy(maxAttempts: count, backoff: .none), budget: nil)
      for number in 0..<20 {
        try? await call(number)
        #expect(Set(tried.entries.suffix(count)).count == count)
      }
      #expect(tried.entries.count == 20 * count)
    }
  }

  @Test func row77_whatRefusedIsNotTheLastHopeButWhatFailedMayBe() throws {
    try Simulation(seed: 1).run { _ in
      let breakers = CircuitBreakers<String>("stock")
      breakers["b"].set(.forcedOpen)
      let tried = Log<String>()
      let call = service(["a", "b"]).1.balanced(.roundRobin) { instance in
        ServiceCall(instance.id) { (_: Void, context: CallContext) in
          tried.append(instance.id)
          if context.attempt == 1 { throw Down() }
        }.circuitBreaker(breakers[instance.id])
      }.retry(RetryPolicy(maxAttempts: 2, backoff: .none), budget: nil)
      for _ in 0..<3 { try await call() }
      #expect(counts(tried) == ["a": 6])
    }
  }

  @Test func row80_aPickDoesNotChangeInTheHand() throws {
    let now = Instant(nanoseconds: 0)
    let registry = ServiceRegistry()
    func register(_ address: String) {
      registry.register(
        ServiceInstance(id: "a", service: "stock", address: address), ttl: .seconds(60), at: now)
    }
    register("10.0.0.1")
    let balancer = registry.service("stock").balancer()
    guard let held = balancer.pick(at: now, draw: 1) else {
      Issue.record("nothing was picked")
      return
    }
    register("10.0.0.2")
    guard let next = balancer.pick(at: now, draw: 1) else {
      Issue.record("nothing was picked")
      return
    }
    #expect(held.instance.address == "10.0.0.1")
    #expect(next.instance.address == "10.0.0.2")
    next.release()
    guard let last = balancer.pick(at: now, draw: 1) else {
      Issue.record("nothing was picked")
      return
    }
    #expect(held.instance.address == "10.0.0.1")
    #expect(last.instance.address == "10.0.0.2")
  }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func row50_whoFailsAtOnceGetsLessThanItsShareWithoutABreakerToo(seed: UInt64) throws {
    func failed(_ policy: BalancingPolicy) throws -> Int {
      try Simulation(seed: seed).run { simulation in
        let failed = Log<Int>()
        let call = service((0..<10).map { "\($0)" }).1.balanced(policy) { instance in
          ServiceCall(instance.id) { (number: Int) in
            try await simulation.sleep(for: .milliseconds(instance.id == "0" ? 1 : 10))
            guard instance.id == "0" else { return }
            failed.append(number)
            throw Down()
          }
        }
        await withDiscardingTaskGroup { callers in
          for worker in 0..<20 {
            callers.addTask { for number in 0..<100 { try? await call(worker * 100 + number) } }
          }
        }
        return failed.entries.count
      }
    }
    // A tenth of 2000 is 200. By load alone the one that is done at once gets far more.
    let byLoad = try failed(BalancingPolicy())
    #expect(byLoad > 220)
    let measured = try failed(BalancingPolicy(.peakEWMA))
    #expect(measured < 100)
    let ejecting = try failed(BalancingPolicy(outliers: OutlierPolicy()))
    #expect(ejecting < 100)
  }

  @Test func row52_whoeverRecoversFirstGetsTheCallsWithinASweep() throws {
    try Simulation(seed: 1).run { simulation in
      let well = Log<String>()
      let answered = Log<String>()
      let call = service(["a", "b", "c"]).1.balanced(
        BalancingPolicy(outliers: OutlierPolicy(maxEjectedShare: 1))
      ) { instance in
        ServiceCall(instance.id) { (_: Void) in
          guard well.entries.contains(instance.id) else { throw Down() }
          answered.append(instance.id)
        }
      }
      for _ in 0..<30 { try? await call() }
      #expect(call.balancer.snapshot().isPanicking)
      well.append("b")
      // All are tried: the one that is well is found at once.
      for _ in 0..<20 { try? await call() }
      #expect(answered.entries.count > 3)
      for _ in 0..<40 {
        try? await call()
        try await simulation.sleep(for: .seconds(1))
      }
      #expect(!call.balancer.snapshot().isPanicking)
      let before = answered.entries.count
      for _ in 0..<20 { try? await call() }
      #expect(answered.entries.count - before >= 10)
    }
  }
}

/// One health signal: what an answer amounts to is said once, and breaker, ejection and weights go by it.
@Suite struct OneHealthSignalTests {
  @Test func whatClassifySaysEjectsAndTheCallersCancellationDoesNot() throws {
    try Simulation(seed: 1).run { simulation in
      let events = Log<String>()
      let policy = BalancingPolicy(.roundRobin, outliers: OutlierPolicy())
      let call = service(["a", "b", "c"]).1.balanced(policy, onEvent: { events.append("\($0)") }) {
        instance in
        ServiceCall(instance.id) { (status: Int) in
          if status == 0 { try await simulation.sleep(for: .seconds(100)) }
          return instance.id == "a" ? status : 200
        }
        .classify { result in
          if case .success(let status) = result, status >= 500 { .failure } else { nil }
        }
      }
      for _ in 0..<30 {
        let attempt = Task.immediate(executorPreference: CallContext.current.executor) { try await call(0) }
        attempt.cancel()
        _ = await attempt.result
      }
      #expect(events.entries == [])
      for _ in 0..<30 { _ = try await call(503) }
      #expect(
        events.entries == [
          "balancer.ejected service=stock instance=a reason=5 failures in a row ejected_seconds=30.0"
        ])
      #expect(call.balancer.snapshot().instances.filter(\.isEjected).map(\.id) == ["a"])
      try await simulation.sleep(for: .seconds(30))
      _ = try await call(200)
      #expect(events.entries.last == "balancer.returned service=stock instance=a")
    }
  }

  @Test func aRefusalByTheInstancesOwnBreakerCountsNeitherWay() throws {
    try Simulation(seed: 1).run { _ in
      let breakers = CircuitBreakers<String>("stock")
      breakers["a"].set(.forcedOpen)
      let events = Log<String>()
      let call = service(["a", "b"]).1.balanced(
        BalancingPolicy(.roundRobin, outliers: OutlierPolicy()), onEvent: { events.append("\($0)") }
      ) { instance in
        ServiceCall(instance.id) { (_: Void) in }.circuitBreaker(breakers[instance.id])
      }
      for _ in 0..<100 { try await call() }
      #expect(events.entries == [])
    }
  }

  @Test func theInlineFaceAndThePickFeedItToo() async throws {
    let events = Log<String>()
    let balancer = service(["a", "b"]).1.balancer(
      BalancingPolicy(.roundRobin, outliers: OutlierPolicy(consecutiveFailures: 3)),
      onEvent: { events.append($0.name) })
    for _ in 0..<2 {
      for _ in 0..<2 {
        try? await balancer.run { instance in if instance.id == "a" { throw Down() } }
      }
    }
    #expect(events.entries == [])
    for _ in 0..<2 {
      guard let pick = balancer.pick(at: SystemClock.read()) else { return }
      let failed = pick.instance.id == "a"
      pick.finish(failed ? .failure : .success, at: SystemClock.read())
    }
    #expect(events.entries == ["balancer.ejected"])
    #expect(balancer.snapshot().instances.map(\.inFlight) == [0, 0])
  }

  @Test func callsWithOneKeyGoToOneInstance() async throws {
    let call = service((0..<10).map { "\($0)" }).1.balanced(
      BalancingPolicy(.consistentHash), key: { (customer: Int?) in customer.map { "customer \($0)" } }
    ) { instance in ServiceCall(instance.id) { (_: Int?) in instance.id } }
    var owners: [Int: Set<String>] = [:]
    for number in 0..<500 { owners[number % 50, default: []].insert(try await call(number % 50)) }
    #expect(owners.values.allSatisfy { $0.count == 1 })
    #expect(Set(owners.values).count > 5)
    var anywhere: Set<String> = []
    for _ in 0..<200 { anywhere.insert(try await call(nil)) }
    #expect(anywhere.count == 10)
  }
}

/// **Instances of very different speed.**
///
/// Ten instances whose answers take a time that is uniform between 0 and 1 ms, 10 ms (four), 100 ms (four)
/// and 1000 ms. Every strategy but one meets the slowest again and again; the one that measures leaves it
/// alone.
@Suite struct UnevenSpeedScenario {
  private func latencies(_ strategy: BalancingStrategy) throws -> [Int64] {
    let slowest: [Int64] = [1] + Array(repeating: 10, count: 4) + Array(repeating: 100, count: 4) + [1000]
    return try Simulation(seed: 1).run { simulation in
      let call = service((0..<10).map { "\($0)" }).1.balanced(strategy) { instance in
        let most = UInt64(slowest[Int(instance.id) ?? 0]) * 1_000_000
        return ServiceCall("stock") { (_: Void) in
          let wait = CallContext.current.random().multipliedFullWidth(by: most).high
          try await simulation.sleep(for: .nanoseconds(Int64(wait)))
        }
      }
      return try await withThrowingTaskGroup(of: [Int64].self) { callers in
        for _ in 0..<50 {
          callers.addTask {
            var latencies: [Int64] = []
            for number in 0..<220 {
              let start = simulation.now
              try await call()
              // At first nobody is measured, and the slowest is tried as often as any.
              if number >= 20 { latencies.append(start.nanoseconds(to: simulation.now)) }
            }
            return latencies
          }
        }
        return try await callers.reduce(into: []) { $0 += $1 }.sorted()
      }
    }
  }

  @Test func peakEWMAsTailIsThatOfTheSecondSlowest() throws {
    let (turns, choices, measured) = (
      try latencies(.roundRobin), try latencies(.powerOfTwoChoices), try latencies(.peakEWMA)
    )
    func total(_ latencies: [Int64]) -> Double { Double(latencies.reduce(0, +)) }
    func percentile(_ latencies: [Int64], _ tenths: Int) -> Double {
      Double(latencies[latencies.count * tenths / 1000]) / 1_000_000
    }
    #expect(percentile(turns, 990) > 500)
    #expect(percentile(choices, 999) > 500)
    #expect(percentile(measured, 990) < 100)
    #expect(percentile(measured, 999) < 150)
    #expect(total(measured) < total(choices) * 0.9)
  }
}
