import ResilienceCore
import ResilienceTestKit
import Testing

@testable import ResilienceRegistry

/// The registry and the checks agree in the end, whoever else has spoken.
@Suite struct HealthAgreementTests {
  private struct Down: Error {}
  private let policy = HealthCheckPolicy(interval: .seconds(10), rise: 2, fall: 3, jitter: 0)

  private func health(_ registry: ServiceRegistry) -> [HealthStatus] {
    registry.instances(of: "inventory").members.map(\.health)
  }

  private func start(_ monitor: HealthMonitor<some Handler<ServiceInstance, Void>>) -> Task<Void, any Error> {
    Task.immediate(executorPreference: CallContext.current.executor) { try await monitor.run() }
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func row78_aMonitorThatReplacesAnotherInTheSameBreathHasTheLastWord(seed: UInt64) throws {
    let policy = policy
    try Simulation(seed: seed).run { sim in
      let registry = ServiceRegistry()
      registry.register(ids: "a", "b")
      let monitor = HealthMonitor(registry, service: "inventory", policy: policy) { _ in }
      let old = start(monitor)
      try await sim.sleep(for: .seconds(100))
      let new = start(monitor)
      old.cancel()
      try await sim.sleep(for: .seconds(11))
      // Two successes in a row, at once and after one interval.
      #expect(health(registry) == [.healthy, .healthy])
      new.cancel()
      _ = await (old.result, new.result)
      #expect(health(registry) == [.unknown, .unknown])
    }
  }

  @Test func row78_somebodyElsesReportIsOverruledByTheNextCheckThatPasses() throws {
    let policy = policy
    try Simulation(seed: 1).run { sim in
      let registry = ServiceRegistry()
      registry.register(ids: "a")
      let running = start(HealthMonitor(registry, service: "inventory", policy: policy) { _ in })
      try await sim.sleep(for: .seconds(95))
      for said in [HealthStatus.unhealthy, .healthy, .unknown] {
        registry.report(said, ofID: "a")
        #expect(health(registry) == [said == .unhealthy ? .unhealthy : .healthy])
        try await sim.sleep(for: .seconds(10))
        #expect(health(registry) == [.healthy])
      }
      running.cancel()
      _ = await running.result
    }
  }

  @Test func row78_aCheckThatFailsIsNotTalkedOverByAnObserver() throws {
    let policy = policy
    try Simulation(seed: 1).run { sim in
      let registry = ServiceRegistry()
      registry.register(ids: "a")
      let running = start(HealthMonitor(registry, service: "inventory", policy: policy) { _ in throw Down() })
      try await sim.sleep(for: .seconds(35))
      registry.report(.healthy, ofID: "a")
      #expect(health(registry) == [.unhealthy])
      running.cancel()
      _ = await running.result
      #expect(health(registry) == [.healthy])
    }
  }

  @Test func row79_registeringAgainKeepsWhatIsKnownUntilACheckSaysOtherwise() throws {
    let policy = policy
    try Simulation(seed: 1).run { sim in
      let registry = ServiceRegistry()
      registry.register(ids: "a", "b")
      let monitor = HealthMonitor(registry, service: "inventory", policy: policy) { instance in
        if instance.id == "a", sim.now < seconds(100) { throw Down() }
      }
      let running = start(monitor)
      try await sim.sleep(for: .seconds(55))
      #expect(health(registry) == [.unhealthy, .healthy])
      for _ in 0..<10 {
        registry.register(ids: "a", "b")
        #expect(health(registry) == [.unhealthy, .healthy])
        try await sim.sleep(for: .seconds(3))
      }
      try await sim.sleep(for: .seconds(45))
      #expect(health(registry) == [.healthy, .healthy])
      // The same id at another address is another instance.
      registry.register(ServiceInstance(id: "a", service: "inventory", address: "elsewhere"))
      #expect(health(registry) == [.unknown, .healthy])
      running.cancel()
      _ = await running.result
    }
  }

  @Test func row79_aMonitorThatEndsTakesBackWhatALaterRegistrationInherited() throws {
    let policy = policy
    try Simulation(seed: 1).run { sim in
      let registry = ServiceRegistry()
      registry.register(ids: "a")
      let running = start(HealthMonitor(registry, service: "inventory", policy: policy) { _ in throw Down() })
      try await sim.sleep(for: .seconds(55))
      registry.register(ids: "a")
      running.cancel()
      _ = await running.result
      #expect(health(registry) == [.unknown])
    }
  }

  @Test func row79_aNewInstanceBesideHealthyOnesGetsTrafficAfterItsFirstPassedCheck() throws {
    let policy = policy
    try Simulation(seed: 1).run { sim in
      let registry = ServiceRegistry()
      registry.register(ids: "a", "b")
      let running = start(
        HealthMonitor(registry, service: "inventory", policy: policy) { instance in
          if instance.id == "new", sim.now < seconds(120) { throw Down() }
        })
      let balancer = registry.service("inventory").balancer()
      func picked() async throws -> Set<String> {
        var picked: Set<String> = []
        for _ in 0..<60 { picked.insert(try await balancer.run { $0.id }) }
        return picked
      }
      try await sim.sleep(for: .seconds(95))
      registry.register(instance("new"), ttl: .seconds(100_000), initialHealth: .unhealthy)
      #expect(try await picked() == ["a", "b"])
      try await sim.sleep(for: .seconds(29))
      #expect(try await picked() == ["a", "b"])
      try await sim.sleep(for: .seconds(2))
      #expect(sim.now == seconds(126))
      #expect(try await picked() == ["a", "b", "new"])
      // One that nobody says anything of gets traffic at once.
      registry.register(ids: "trusted")
      #expect(try await picked() == ["a", "b", "new", "trusted"])
      running.cancel()
      _ = await running.result
    }
  }
}
