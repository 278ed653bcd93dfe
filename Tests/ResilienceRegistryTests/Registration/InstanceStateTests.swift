import ResilienceCore
import ResilienceTestKit
import Testing

@testable import ResilienceRegistry

@Suite struct InstanceStateTests {
  private func states(_ registry: ServiceRegistry) -> [InstanceState] {
    registry.instances(of: "inventory").members.map(\.state)
  }

  private func picked(_ balancer: Balancer, _ count: Int = 40) -> Set<String> {
    Set(
      (0..<count).compactMap { draw -> String? in
        let pick = balancer.pick(at: CallContext.current.readClock(), draw: CallContext.current.random())
        return pick?.instance.id
      })
  }

  @Test(arguments: [InstanceState.draining, .outOfService])
  func itGetsNoNewCallsAndItsRunningOnesFinish(state: InstanceState) throws {
    try Simulation(seed: 1).run { _ in
      let registry = ServiceRegistry()
      registry.register(ids: "a", "b")
      let balancer = registry.service("inventory").balancer(.roundRobin)
      let one = balancer.pick(at: seconds(0), draw: 0)
      let other = balancer.pick(at: seconds(0), draw: 0)
      #expect(registry.set(state, of: "a", service: "inventory"))
      #expect(picked(balancer) == ["b"])
      #expect(balancer.snapshot().instances.map(\.inFlight) == [1, 1])
      one?.release()
      other?.release()
      #expect(balancer.snapshot().instances.allSatisfy { $0.inFlight == 0 })
      // Not even when nobody else is well.
      registry.report(.unhealthy, ofID: "b")
      #expect(registry.instances(of: "inventory").isPanicking)
      #expect(picked(balancer) == ["b"])
      registry.set(.inService, of: "a", service: "inventory")
      #expect(picked(balancer) == ["a"])
    }
  }

  @Test func aMonitorDoesNotOverrideAnOperator() throws {
    try Simulation(seed: 1).run { sim in
      let events = EventRecorder()
      let registry = ServiceRegistry { events.record($0) }
      registry.register(ids: "a", "b")
      let monitor = HealthMonitor(
        registry, service: "inventory", policy: HealthCheckPolicy(interval: .seconds(10), jitter: 0)
      ) { _ in }
      await withThrowingTaskGroup { group in
        group.addTask { try await monitor.run() }
        registry.set(.outOfService, of: "a", service: "inventory")
        try? await sim.sleep(for: .seconds(100))
        #expect(states(registry) == [.outOfService, .inService])
        #expect(registry.instances(of: "inventory").members.map(\.health) == [.healthy, .healthy])
        group.cancelAll()
      }
      #expect(
        events.descriptions.filter { $0.contains("state") } == [
          "registry.state_changed service=inventory instance=a state=outOfService previous_state=inService"
        ])
    }
  }

  @Test func whatAnOperatorSaidHoldsForTheNextRegistrationAndIsForgottenInTheEnd() throws {
    try Simulation(seed: 1).run { sim in
      let registry = ServiceRegistry()
      let lease = registry.register(instance("a"), ttl: .seconds(3000))
      registry.set(.outOfService, of: "a", service: "inventory")
      registry.register(instance("a"), ttl: .seconds(1))
      #expect(states(registry) == [.outOfService])
      try await sim.sleep(for: .seconds(2))
      #expect(states(registry) == [])
      registry.register(instance("a"), ttl: .seconds(1))
      #expect(states(registry) == [.outOfService])
      try await sim.sleep(for: .seconds(2))
      #expect(states(registry) == [])
      try await sim.sleep(for: .seconds(3600))
      registry.register(ids: "b", "c")
      registry.deregister("b", of: "inventory")
      registry.register(instance("a"))
      #expect(states(registry) == [.inService, .inService])
      withExtendedLifetime(lease) {}
    }
  }

  @Test func anOwnersDrainBelongsToItsRegistrationAndAnOperatorCannotUndoIt() {
    let registry = ServiceRegistry()
    let lease = registry.register(instance("a"))
    #expect(lease.drain())
    #expect(states(registry) == [.draining])
    registry.set(.outOfService, of: "a", service: "inventory")
    #expect(states(registry) == [.outOfService])
    registry.set(.inService, of: "a", service: "inventory")
    #expect(states(registry) == [.draining])
    registry.register(instance("a"))
    #expect(states(registry) == [.inService])
    #expect(lease.drain() == false)
    #expect(registry.drain("a", of: "inventory"))
    #expect(states(registry) == [.draining])
  }

  @Test func nobodyIsThereToBeSet() {
    let registry = ServiceRegistry()
    #expect(registry.set(.draining, of: "a", service: "inventory") == false)
    #expect(registry.drain("a", of: "inventory") == false)
    registry.register(ids: "b")
    #expect(registry.set(.draining, of: "a", service: "inventory") == false)
  }
}
