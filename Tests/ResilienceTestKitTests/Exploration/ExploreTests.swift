import ResilienceTestKit
import Testing

@testable import ResilienceCore

/// Planted mistakes, each of a kind that tests on the real clock rarely meet.
@Suite struct ExploreTests {
  /// Reads, yields, writes: loses updates.
  private actor RacyCounter {
    var value = 0

    func increment() async {
      let seen = value
      await Task.yield()
      value = seen + 1
    }
  }

  private static func race(_ simulation: Simulation) async throws {
    let counter = RacyCounter()
    await withTaskGroup { group in
      for _ in 0..<2 { group.addTask { await counter.increment() } }
    }
    try await simulation.require(counter.value == 2, "an update was lost")
  }

  @Test func aPlantedRaceIsFoundAndReplayedByItsSeed() throws {
    let failure = try #require(throws: ExplorationFailure.self) {
      try Simulation.explore(seeds: 0..<10_000) { try await Self.race($0) }
    }
    let seed = failure.seed
    #expect(failure.description.contains("Simulation(seed: \(seed)).run"))
    for _ in 0..<20 {
      #expect(throws: Violation.self) { try Simulation(seed: seed).run { try await Self.race($0) } }
    }
  }

  @Test func aPlantedRaceIsFoundExhaustivelyAndReplayedByItsDecisions() throws {
    let failure = try #require(throws: ExplorationFailure.self) {
      try Simulation.exploreEveryInterleaving { try await Self.race($0) }
    }
    #expect(throws: Violation.self) {
      try Simulation.replay(failure.decisions) { try await Self.race($0) }
    }
  }

  /// Looks whether the door is open, then goes to sleep: a knock in between wakes nobody.
  private final class Door: Sendable {
    private let state = Lock<(isOpen: Bool, sleeper: Waiter?)>((false, nil))

    func waitUntilOpen() async {
      guard !state.withLock({ $0.isOpen }) else { return }
      await Task.yield()
      let waiter = Waiter("Door.waitUntilOpen")
      state.withLock { $0.sleeper = waiter }
      _ = await waiter.wait()
    }

    func open() {
      let sleeper: Waiter? = state.withLock { state in
        state.isOpen = true
        return state.sleeper
      }
      sleeper?.grant()
    }
  }

  @Test func aPlantedLostWakeUpIsFoundAndTheErrorNamesWhoWaits() throws {
    let failure = try #require(throws: ExplorationFailure.self) {
      try Simulation.explore(seeds: 0..<10_000) { _ in
        let door = Door()
        await withTaskGroup { group in
          group.addTask { await door.waitUntilOpen() }
          group.addTask { door.open() }
        }
      }
    }
    let error = try #require(failure.error as? SimulationError)
    #expect(error.reason == .deadlock)
    #expect(error.waiting == ["Door.waitUntilOpen"])
  }

  /// Gives the permit back on success only.
  private final class LeakyGate: Sendable {
    let permits = Lock(1)

    func pass(_ clock: any ResilienceClock) async throws {
      guard
        permits.withLock({ permits in
          permits > 0
            ? {
              permits -= 1; return true
            }() : false
        })
      else { return }
      try await clock.sleep(for: .seconds(1))
      permits.withLock { $0 += 1 }
    }
  }

  @Test func aPlantedPermitLeakIsFound() throws {
    let failure = try #require(throws: ExplorationFailure.self) {
      try Simulation.explore(seeds: 0..<10_000) { simulation in
        let gate = LeakyGate()
        let clock = CallContext.current.clock
        let executor = CallContext.current.executor
        let passing = Task.immediate(executorPreference: executor) { try await gate.pass(clock) }
        let cancelling = Task.immediate(executorPreference: executor) {
          try await clock.sleep(for: .milliseconds(Int64(CallContext.current.random() % 1200)))
          passing.cancel()
        }
        _ = await (passing.result, cancelling.result)
        try simulation.require(gate.permits.withLock { $0 } == 1, "a permit leaked")
      }
    }
    #expect(failure.error is Violation)
  }

  @Test func everyInterleavingOfTwoTasksOfTwoStepsIsVisitedOnce() throws {
    let orders = Log<String>()
    let exploration = try Simulation.exploreEveryInterleaving { _ in
      let steps = Log<String>()
      await withTaskGroup { group in
        for name in ["a", "b"] {
          group.addTask {
            steps.append(name)
            await Task.yield()
            steps.append(name)
          }
        }
      }
      orders.append(steps.entries.joined())
    }
    #expect(exploration.isComplete)
    #expect(Set(orders.entries) == ["aabb", "abab", "abba", "baab", "baba", "bbaa"])
  }

  @Test func anExplorationThatIsTooLargeSaysThatItIsNotComplete() throws {
    let exploration = try Simulation.exploreEveryInterleaving(limit: 10) { _ in
      await withTaskGroup { group in
        for _ in 0..<6 { group.addTask { await Task.yield() } }
      }
    }
    #expect(exploration == Exploration(runs: 10, distinctSchedules: 10, isComplete: false))
  }
}
