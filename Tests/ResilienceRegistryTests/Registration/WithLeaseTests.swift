import ResilienceCore
import ResilienceRegistry
import ResilienceTestKit
import Testing

@Suite struct WithLeaseTests {
  private struct Broken: Error {}

  @Test func theInstanceIsListedWhileTheBodyRunsAndNotAfter() throws {
    try Simulation(seed: 1).run { sim in
      let registry = ServiceRegistry()
      // Held, so that its totals stay.
      let service = registry.service("inventory")
      let result = try await registry.withLease(instance("a"), ttl: .seconds(9)) {
        for _ in 0..<50 {
          #expect(registry.instances(of: "inventory").ids == ["a"])
          try await sim.sleep(for: .seconds(2))
        }
        return 7
      }
      #expect(result == 7)
      #expect(registry.instances(of: "inventory").ids == [])
      #expect(registry.snapshot().services[0].registered == 1)
      #expect(registry.snapshot().services[0].deregistered == 1)
      withExtendedLifetime(service) {}
    }
  }

  @Test func aThrowDeregisters() throws {
    try Simulation(seed: 1).run { sim in
      let registry = ServiceRegistry()
      await #expect(throws: Broken.self) {
        try await registry.withLease(instance("a"), ttl: .seconds(9)) {
          try await sim.sleep(for: .seconds(20))
          throw Broken()
        }
      }
      #expect(registry.instances(of: "inventory").ids == [])
    }
  }

  @Test func theHeartbeatOutlivesACancellationUntilTheBodyHasEnded() throws {
    try Simulation(seed: 1).run { sim in
      let registry = ServiceRegistry()
      let serving = Task.immediate(executorPreference: CallContext.current.executor) {
        try await registry.withLease(instance("a"), ttl: .seconds(9)) {
          // Drains for a minute, whatever its task is told.
          let drained = Task.immediate(executorPreference: CallContext.current.executor) {
            try await sim.sleep(for: .seconds(60))
          }
          try await drained.value
        }
      }
      serving.cancel()
      try await sim.sleep(for: .seconds(59))
      #expect(registry.instances(of: "inventory").ids == ["a"])
      try await serving.value
      #expect(registry.instances(of: "inventory").ids == [])
    }
  }

  @Test func anInstanceThatWasDeregisteredOrReplacedIsLeftAlone() throws {
    try Simulation(seed: 1).run { sim in
      let registry = ServiceRegistry()
      try await registry.withLease(instance("a"), ttl: .seconds(9)) {
        try await registry.withLease(instance("b"), ttl: .seconds(9)) {
          registry.deregister("a", of: "inventory")
          registry.register(instance("b"), ttl: .seconds(1_000))
          try await sim.sleep(for: .seconds(100))
          #expect(registry.instances(of: "inventory").ids == ["b"])
        }
        #expect(registry.instances(of: "inventory").ids == ["b"])
      }
    }
  }

  @Test(.timeLimit(.minutes(1)))
  func aLeaseThatRanOutDuringAStopOfTheProcessIsTakenAnew() async throws {
    let clock = ManualClock()
    let registry = ServiceRegistry()
    try await CallContext.withEnvironment(CallEnvironment(clock: clock)) {
      try await registry.withLease(instance("a"), ttl: .seconds(9)) {
        try await clock.waitForSleepers(1)
        let first = registry.instances(of: "inventory", at: seconds(0)).members
        // Nobody else looks, and the heartbeat's timer comes late.
        #expect(registry.instances(of: "inventory", at: seconds(30)).ids == [])
        clock.advance(by: .seconds(30))
        try await clock.waitForSleepers(1)
        let second = registry.instances(of: "inventory", at: seconds(30)).members
        #expect(second.map(\.instance.id) == ["a"])
        #expect(second.map(\.epoch) != first.map(\.epoch))
      }
      #expect(registry.instances(of: "inventory", at: seconds(31)).ids == [])
    }
  }

  @Test func theBodyRunsOnItsActorWithAResultThatNeedNotBeSendable() async throws {
    final class NotSendable {
      var value = 0
    }
    actor Server {
      let registry = ServiceRegistry()
      var served = NotSendable()

      func serve() async throws -> Int {
        let served = try await registry.withLease(instance("a")) {
          self.served.value += 1
          return self.served
        }
        return served.value
      }
    }
    #expect(try await Server().serve() == 1)
  }
}
