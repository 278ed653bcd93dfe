// The code of TestYourOwnService.md, compiled and run; ReadmeTests compares the texts.

import Resilience
import ResilienceTestKit
import Testing

actor Theatre {
  private var free: Set<String> = ["A1", "A2"]
  private let pay: any Handler<String, Void>

  init(pay: any Handler<String, Void>) {
    self.pay = pay
  }

  func reserve(_ seat: String) async throws -> Bool {
    guard free.contains(seat) else { return false }
    try await pay.handle(seat, context: .current)
    free.remove(seat)
    return true
  }
}

@Sendable func sellOneSeatTwice(_ simulation: Simulation) async throws {
  let payment = SimulatedService<String, Void>(
    "payment", workers: 2, latency: .uniform(.milliseconds(10) ... .milliseconds(50))
  ) { _ in }
  let theatre = Theatre(pay: payment.timeout(.seconds(1)))
  async let first = theatre.reserve("A1")
  async let second = theatre.reserve("A1")
  let sold = try await [first, second].count { $0 }
  try simulation.require(sold == 1, "seat A1 was sold \(sold) times")
}

func exploreTheTheatre() throws {
  do {
    try Simulation.explore(seeds: 0..<10_000, sellOneSeatTwice)
  } catch let failure as ExplorationFailure {
    print(failure)
  }
}

@Suite struct SimulatorPageTests {
  @Test func theMistakeIsFoundAndItsSeedReplaysIt() throws {
    try exploreTheTheatre()
    let failure = try #require(throws: ExplorationFailure.self) {
      try Simulation.explore(seeds: 0..<10_000, sellOneSeatTwice)
    }
    #expect(throws: Violation.self) { try Simulation(seed: failure.seed).run(sellOneSeatTwice) }
  }
}
