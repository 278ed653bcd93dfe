import ResilienceCore
import ResilienceRegistry
import ResilienceTestKit
import Testing

@Suite struct HealthNotifierTests {
  private func notices(
    _ body: @escaping @Sendable (ServiceRegistry, Simulation) async throws -> Void
  ) throws -> [String] {
    try Simulation(seed: 1).run { sim in
      let registry = ServiceRegistry()
      registry.register(ids: "a", "b", "c")
      let told = Log<String>()
      let notifier = HealthNotifier(registry, service: "inventory", minInterval: .seconds(10)) { notice in
        told.append("\(sim.now.nanoseconds / 1_000_000_000) \(notice)")
      }
      let running = Task.immediate(executorPreference: CallContext.current.executor) {
        try await notifier.run()
      }
      try await sim.sleep(for: .seconds(1))
      try await body(registry, sim)
      try await sim.sleep(for: .seconds(100))
      running.cancel()
      await #expect(throws: CancellationError.self) { try await running.value }
      return told.entries
    }
  }

  @Test func eachChangeIsToldOnceWithWhatItWas() throws {
    let notices = try notices { registry, sim in
      for _ in 0..<5 { registry.report(.unhealthy, ofID: "b") }
      try await sim.sleep(for: .seconds(20))
      for _ in 0..<5 { registry.report(.unhealthy, ofID: "b") }
      registry.set(.outOfService, of: "a", service: "inventory")
      try await sim.sleep(for: .seconds(20))
      registry.deregister("c", of: "inventory")
      registry.register(ids: "d")
    }
    #expect(
      notices == [
        "1 inventory: 1 of 3 unhealthy; b: unknown -> unhealthy",
        "21 inventory: 1 of 3 unhealthy; a: unknown -> unknown, outOfService",
        "41 inventory: 1 of 3 unhealthy; c: unknown -> absent; d: absent -> unknown",
      ])
  }

  @Test func whatChangesBackInBetweenIsNotTold() throws {
    let notices = try notices { registry, sim in
      registry.report(.unhealthy, ofID: "a")
      // Until the next notice "b" flaps, and ends as it was; "c" does not.
      for second in 0..<9 {
        try await sim.sleep(for: .seconds(1))
        registry.report(second.isMultiple(of: 2) ? .unhealthy : .unknown, ofID: "b")
        registry.report(second.isMultiple(of: 2) ? .unhealthy : .healthy, ofID: "c")
      }
      registry.report(.unknown, ofID: "b")
    }
    #expect(
      notices == [
        "1 inventory: 1 of 3 unhealthy; a: unknown -> unhealthy",
        "11 inventory: 2 of 3 unhealthy; c: unknown -> unhealthy",
      ])
  }

  @Test func manyChangesAreOneNoticeAndSayWhenAllAreTried() throws {
    let notices = try notices { registry, _ in
      for id in ["a", "b", "c"] { registry.report(.unhealthy, ofID: id) }
    }
    #expect(
      notices == [
        "1 inventory: 3 of 3 unhealthy, all are tried; a: unknown -> unhealthy; b: unknown -> unhealthy; "
          + "c: unknown -> unhealthy"
      ])
  }

  /// The same id registered again, in the same condition, is no news.
  @Test func aRegistrationAnewInTheSameConditionIsNotTold() throws {
    #expect(try notices { registry, _ in registry.register(ids: "a", "b") } == [])
  }
}
