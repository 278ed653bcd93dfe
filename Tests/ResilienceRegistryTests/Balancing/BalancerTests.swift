import ResilienceCore
import ResilienceRegistry
import ResilienceTestKit
import Testing

@Suite struct BalancerTests {
  private func inFlight(_ balancer: Balancer) -> [Int] {
    balancer.snapshot().instances.map(\.inFlight)
  }

  @Test func aPickCountsUntilItIsReleased() {
    let registry = ServiceRegistry()
    let balancer = registry.service("inventory").balancer()
    #expect(balancer.pick(at: seconds(0))?.instance == nil)
    registry.register(instance("a"), ttl: .seconds(1_000_000_000), at: seconds(0))
    if let pick = balancer.pick(at: seconds(0)) {
      #expect(pick.instance == instance("a"))
      #expect(inFlight(balancer) == [1])
      pick.release()
      #expect(inFlight(balancer) == [0])
    }
    do {
      let pick = balancer.pick(at: seconds(0))
      #expect(inFlight(balancer) == [1])
      _ = pick
    }
    #expect(inFlight(balancer) == [0])
  }

  @Test func anInstanceIsNotPickedFromTheInstantItsLeaseEnds() {
    let registry = ServiceRegistry()
    registry.register(instance("a"), ttl: .seconds(10), at: seconds(0))
    let balancer = registry.service("inventory").balancer()
    #expect(balancer.pick(at: Instant(nanoseconds: 9_999_999_999))?.instance.id == "a")
    #expect(balancer.pick(at: seconds(10))?.instance.id == nil)
  }

  @Test func withoutInstancesTheCallIsRefusedByName() async {
    let balancer = ServiceRegistry().service("inventory").balancer()
    let error = await #expect(throws: NoInstanceAvailable.self) { try await balancer.run { $0.id } }
    #expect(error?.service == "inventory")
    #expect(error?.retryAt == nil)
    #expect(error?.description.contains("\"inventory\"") == true)
  }

  @Test func runWorksInsideAnActorWithAResultThatNeedNotBeSendable() async throws {
    final class NotSendable {
      var value = 0
    }
    actor Cart {
      let balancer: Balancer
      var calls = NotSendable()

      init(_ balancer: Balancer) { self.balancer = balancer }

      func add() async throws -> Int {
        let calls = try await balancer.run { instance in
          self.calls.value += instance.id.count
          return self.calls
        }
        return calls.value
      }
    }
    let registry = ServiceRegistry()
    registry.register(ids: "inventory-1")
    #expect(try await Cart(registry.service("inventory").balancer()).add() == 11)
  }

  @Test(arguments: 0..<10)
  func everyWayOutOfACallReturnsItsCount(seed: UInt64) throws {
    struct Broken: Error {}
    try Simulation(seed: seed).run { sim in
      let registry = ServiceRegistry()
      registry.register(ids: "a", "b", "c")
      let balancer = registry.service("inventory").balancer()
      let call = registry.service("inventory").balanced { instance in
        ServiceCall { (number: Int) in
          try await sim.sleep(for: .milliseconds(number % 7))
          if number % 3 == 0 { throw Broken() }
        }
      }
      await withTaskGroup { group in
        for number in 0..<300 {
          group.addTask { try? await call(number) }
          group.addTask { try? await balancer.run { _ in try await sim.sleep(for: .milliseconds(number)) } }
        }
        try? await sim.sleep(for: .milliseconds(3))
        #expect(inFlight(balancer).reduce(0, +) > 100)
        #expect(inFlight(call.balancer).reduce(0, +) > 50)
        registry.deregister("b", of: "inventory")
        group.cancelAll()
      }
      #expect(inFlight(balancer) == [0, 0])
      #expect(inFlight(call.balancer) == [0, 0])
    }
  }

  @Test func theSnapshotIsMetrics() async throws {
    let registry = ServiceRegistry()
    registry.register(ids: "a", "b")
    let balancer = registry.service("inventory").balancer(.roundRobin)
    try await balancer.run { _ in
      // Which one was picked, chance decides.
      #expect(
        Set(balancer.snapshot().metrics.map { "\($0.name) \($0.value)" }) == [
          "balancer_picks_total 1.0", "balancer_panicking 0.0", "balancer_ejected_instances 0.0",
          "balancer_in_flight_calls 1.0", "balancer_in_flight_calls 0.0",
        ])
    }
  }
}
