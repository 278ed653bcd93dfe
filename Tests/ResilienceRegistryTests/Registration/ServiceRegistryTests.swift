import ResilienceCore
import ResilienceRegistry
import ResilienceTestKit
import Testing

@Suite struct ServiceRegistryTests {
  @Test func aReadAtTheInstantOfExpiryNoLongerSeesTheInstance() {
    let registry = ServiceRegistry()
    registry.register(instance("a"), ttl: .seconds(10), at: seconds(0))
    #expect(registry.instances(of: "inventory", at: Instant(nanoseconds: 9_999_999_999)).ids == ["a"])
    #expect(registry.instances(of: "inventory", at: seconds(10)).ids == [])
  }

  @Test func aReplacedLeaseCanNeitherRenewNorDeregister() {
    let registry = ServiceRegistry()
    let old = registry.register(instance("a"), ttl: .seconds(10), at: seconds(0))
    let new = registry.register(instance("a"), ttl: .seconds(10), at: seconds(5))
    #expect(old.epoch < new.epoch)
    #expect(old.renew(at: seconds(6)) == .superseded)
    #expect(old.deregister(at: seconds(6)) == false)
    #expect(registry.instances(of: "inventory", at: seconds(6)).members.map(\.epoch) == [new.epoch])
    #expect(new.deregister(at: seconds(7)))
    #expect(new.renew(at: seconds(7)) == .lost)
  }

  @Test func servicesDoNotMix() {
    let registry = ServiceRegistry()
    registry.register(instance("a", of: "payment"), ttl: .seconds(10), at: seconds(0))
    registry.register(instance("a", of: "inventory"), ttl: .seconds(20), at: seconds(0))
    #expect(registry.instances(of: "payment", at: seconds(10)).ids == [])
    #expect(registry.instances(of: "inventory", at: seconds(10)).ids == ["a"])
  }

  @Test func eventsComeInTheOrderOfTheChanges() {
    let events = EventRecorder()
    let registry = ServiceRegistry { events.record($0) }
    let lease = registry.register(instance("a"), ttl: .seconds(10), at: seconds(0))
    registry.register(instance("c"), ttl: .seconds(5), at: seconds(0))
    registry.register(instance("b"), ttl: .seconds(5), at: seconds(0))
    lease.renew(at: seconds(3))
    lease.deregister(at: seconds(5))
    #expect(
      events.descriptions == [
        "registry.registered service=inventory instance=a",
        "registry.registered service=inventory instance=c",
        "registry.registered service=inventory instance=b",
        "registry.expired service=inventory instance=b",
        "registry.expired service=inventory instance=c",
        "registry.deregistered service=inventory instance=a",
      ])
  }

  @Test func theSnapshotCounts() throws {
    try Simulation(seed: 1).run { sim in
      let registry = ServiceRegistry()
      registry.register(ids: "a", "b")
      registry.register(instance("c"), ttl: .seconds(1))
      registry.register(instance("x", of: "cart"))
      registry.report(.healthy, ofID: "a")
      registry.report(.unhealthy, ofID: "b")
      try await sim.sleep(for: .seconds(2))
      #expect(registry.deregister("x", of: "cart"))
      let snapshot = registry.snapshot()
      // The cart has gone with its last instance.
      #expect(snapshot.services.map(\.name) == ["inventory"])
      #expect(snapshot.services.map(\.instances) == [2])
      let metrics = snapshot.metrics.filter { $0.labels[0].value == "inventory" }
      #expect(metrics.map(\.value) == [1, 1, 0, 3, 0, 1, 0, 0, 0, 0])
    }
  }

  @Test func runTellsOfEveryExpiryAtItsInstant() throws {
    try Simulation(seed: 3).run { sim in
      let told = Log<String>()
      let registry = ServiceRegistry {
        told.append("\(sim.now.nanoseconds / 1_000_000_000) \($0.description)")
      }
      await withTaskGroup { group in
        group.addTask {
          _ = await #expect(throws: CancellationError.self) { try await registry.run() }
        }
        group.addTask {
          try? await sim.sleep(for: .seconds(1))
          let lease = registry.register(instance("a"), ttl: .seconds(10))
          try? await sim.sleep(for: .seconds(3))
          registry.register(instance("b", of: "cart"), ttl: .seconds(1))
          lease.renew()
        }
        try? await sim.sleep(for: .seconds(60))
        group.cancelAll()
      }
      #expect(
        told.entries == [
          "1 registry.registered service=inventory instance=a",
          "4 registry.registered service=cart instance=b",
          "5 registry.expired service=cart instance=b",
          "14 registry.expired service=inventory instance=a",
        ])
    }
  }

  @Test func anEmptyNameIsRefused() async {
    let results = [
      await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        _ = ServiceRegistry().service("")
      },
      await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        _ = HealthMonitor(ServiceRegistry(), service: "") { _ in }
      },
    ]
    for result in results {
      let text = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
      #expect(text.contains("a service's name must not be empty, was \"\""))
    }
  }
}
