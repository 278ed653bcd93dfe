import Resilience
import ResilienceTestKit
import Testing

private struct Gone: Error {}

/// Calls answered by each instance of a service of three while 100 calls a second come in for ten seconds.
private func shares(
  strategy: BalancingStrategy, seed: UInt64, latency: @escaping @Sendable (String) -> Duration,
  fails: @escaping @Sendable (String) -> Bool = { _ in false }
) throws -> [String: Int] {
  struct Down: Error {}
  return try Simulation(seed: seed).run { simulation in
    let registry = ServiceRegistry()
    for id in ["a", "b", "c"] {
      registry.register(ServiceInstance(id: id, service: "stock"), ttl: .seconds(3600))
    }
    let picked = Log<String>()
    let call = registry.service("stock").balanced(strategy) { instance in
      ServiceCall(instance.id) { (_: Void) in
        picked.append(instance.id)
        try await simulation.sleep(for: latency(instance.id))
        if fails(instance.id) { throw Down() }
      }
      .circuitBreaker(
        CircuitBreaker(
          instance.id,
          policy: CircuitBreakerPolicy(
            window: .count(10), failureRate: 0.5, minimumThroughput: 5, openTime: .seconds(30),
            maxOpenTime: .seconds(60), halfOpenPermits: 1)))
    }.retry(RetryPolicy(maxAttempts: 3, backoff: .none), budget: nil)
    await withDiscardingTaskGroup { callers in
      for _ in 0..<1000 {
        callers.addTask { try? await call() }
        try? await simulation.sleep(for: .milliseconds(10))
      }
    }
    return Dictionary(grouping: picked.entries) { $0 }.mapValues(\.count)
  }
}

/// **A slow instance among fast ones.**
///
/// Taking turns sends a third of the calls to the slow one, however long its queue. The power of two choices
/// sends the next call to the less loaded of two.
@Suite struct SlowInstanceScenario {
  private static let latency: @Sendable (String) -> Duration = { .milliseconds($0 == "a" ? 500 : 10) }

  @Test(arguments: [1, 2, 3] as [UInt64])
  func twoChoicesAvoidItAndTurnsDoNot(seed: UInt64) throws {
    let turns = try shares(strategy: .roundRobin, seed: seed, latency: Self.latency)
    let choices = try shares(strategy: .powerOfTwoChoices, seed: seed, latency: Self.latency)
    #expect((330...337).contains(turns["a"] ?? 0))
    #expect(choices["a"] ?? 0 < 100)
  }
}

/// **An instance that fails fast attracts the traffic.**
///
/// An instance that answers every call with an error in a millisecond has nothing in flight, so a balancer
/// that looks at load alone finds it the best of all. Its own breaker, inside the balancer, takes it out.
@Suite struct FailFastInstanceScenario {
  @Test(arguments: [1, 2, 3] as [UInt64])
  func row50_itsBreakerKeepsItFromAttractingTheTraffic(seed: UInt64) throws {
    let shares = try shares(
      strategy: .powerOfTwoChoices, seed: seed, latency: { .milliseconds($0 == "a" ? 1 : 10) },
      fails: { $0 == "a" })
    let failed = shares["a"] ?? 0
    let served = (shares["b"] ?? 0) + (shares["c"] ?? 0)
    #expect(failed < 33, "a tenth of its fair share")
    #expect(served == 1000)
  }
}

/// **A flapping registry.**
///
/// An instance registers, dies without a word, and registers again, every few seconds. Callers must neither
/// be sent to what is gone for longer than its lease, nor find nobody while the others are there.
@Suite struct FlappingRegistryScenario {
  @Test func callersAlwaysFindALivingInstance() throws {
    try Simulation.explore(seeds: 0..<20) { simulation in
      let registry = ServiceRegistry()
      let alive = Log<Bool>()
      registry.register(ServiceInstance(id: "steady", service: "stock"), ttl: .seconds(3600))
      let call = registry.service("stock").balanced(.powerOfTwoChoices) { instance in
        ServiceCall(instance.id) { (_: Void) in
          if instance.id == "flapping", alive.entries.last != true {
            throw Gone()
          }
        }
      }.retry(RetryPolicy(maxAttempts: 3, backoff: .none), budget: nil)
      let flapping = Task.immediate(executorPreference: CallContext.current.executor) {
        for _ in 0..<20 {
          alive.append(true)
          registry.register(ServiceInstance(id: "flapping", service: "stock"), ttl: .seconds(3))
          try await simulation.sleep(for: .seconds(2))
          alive.append(false)
          try await simulation.sleep(for: .seconds(4))
        }
      }
      var failures = 0
      var listedWhileGone = 0
      for _ in 0..<1200 {
        do { try await call() } catch { failures += 1 }
        let isListed = registry.instances(of: "stock").instances.contains { $0.id == "flapping" }
        if isListed, alive.entries.last == false { listedWhileGone += 1 }
        try await simulation.sleep(for: .milliseconds(100))
      }
      _ = await flapping.result
      // Of each six seconds, it is gone but listed for the one that is left of its lease.
      try simulation.require(listedWhileGone <= 20 * 11, "listed for \(listedWhileGone) tenths while gone")
      try simulation.require(listedWhileGone >= 20 * 9, "the scenario does not bite: \(listedWhileGone)")
      try simulation.require(failures < 120, "\(failures) of 1200 calls found nobody")
    }
  }
}
