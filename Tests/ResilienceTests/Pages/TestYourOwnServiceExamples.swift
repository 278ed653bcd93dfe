// The code of TestYourOwnService.md, compiled and run.

import ResilienceTestKit
import Testing

actor Theatre {
  private var free: Set<String> = ["A1", "A2"]

  func reserve(_ seat: String) async throws -> Bool {
    guard free.contains(seat) else { return false }
    // The payment service answers.
    try await Task.sleep(for: .milliseconds(Int.random(in: 10...50)))
    free.remove(seat)
    return true
  }
}

@Sendable func sellOneSeatTwice(_ simulation: Simulation) async throws {
  let theatre = Theatre()
  let first = Task { try await theatre.reserve("A1") }
  let second = Task { try await theatre.reserve("A1") }
  let sold = try await [first.value, second.value].count { $0 }
  try simulation.require(sold == 1, "seat A1 was sold \(sold) times")
}

func exploreTheTheatre() throws {
  do {
    try Simulation.explore(seeds: 0..<10_000, sellOneSeatTwice)
  } catch let failure as ExplorationFailure {
    print(failure)
  }
}

@Suite(.enabled(if: Simulation.scope.contains(.tasks), "the runtime is not held here"))
struct SimulatorPageTests {
  @Test func theMistakeIsFoundAndItsSeedReplaysIt() throws {
    try exploreTheTheatre()
    let failure = try #require(throws: ExplorationFailure.self) {
      try Simulation.explore(seeds: 0..<10_000, sellOneSeatTwice)
    }
    #expect(throws: Violation.self) { try Simulation(seed: failure.seed).run(sellOneSeatTwice) }
  }
}
