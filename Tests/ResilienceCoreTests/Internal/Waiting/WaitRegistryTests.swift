import ResilienceTestKit
import Testing

@testable import ResilienceCore

@Suite struct WaitRegistryTests {
  @Test func listsWhatWaitsByPurposeWithHowMany() {
    let registry = WaitRegistry()
    let purposes: [StaticString] = ["sleep", "bucket", "sleep", "inbox"]
    for purpose in purposes { registry.enter(purpose) }
    registry.leave("inbox")
    #expect(registry.entries == ["bucket", "sleep (2)"])
  }

  @Test func aDeadlockNamesEverythingThatWaits() throws {
    let error = try #require(throws: SimulationError.self) {
      try Simulation(seed: 1).run { sim in
        await withTaskGroup { group in
          for _ in 0..<2 { group.addTask { _ = await Waiter("gate").wait() } }
          group.addTask { _ = await Waiter("door").wait() }
          group.addTask { try? await sim.sleep(for: .seconds(1)) }
        }
      }
    }
    #expect(error.waiting == ["door", "gate (2)"])
    #expect(error.instant == Instant(nanoseconds: 1_000_000_000))
  }
}
