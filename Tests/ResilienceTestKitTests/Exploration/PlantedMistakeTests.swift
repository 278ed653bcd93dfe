import Foundation
import ResilienceTestKit
import Testing

@testable import ResilienceCore

/// How each way of exploring finds each mistake. `RESILIENCE_FIGURES=1` prints the table of "Finding faults".
@Suite struct PlantedMistakeTests {
  struct Way: Sendable, CustomTestStringConvertible {
    let testDescription: String
    /// How many tasks are there that have nothing to do with the mistake.
    var others = 4
    let explore: @Sendable (@escaping PlantedMistake.Body) throws -> Exploration
  }

  static let ways = [
    Way(testDescription: "random") { try Simulation.explore(seeds: 0..<3000, $0) },
    Way(testDescription: "2 preemptions") {
      try Simulation.explore(seeds: 0..<3000, strategy: .preemptions(2), $0)
    },
    Way(testDescription: "every interleaving, alone", others: 0) {
      try Simulation.exploreEveryInterleaving(limit: 20_000, $0)
    },
  ]

  /// Within three thousand runs, or twenty thousand of an enumeration: seconds.
  @Test(arguments: ways, PlantedMistake.allCases)
  func aPlantedMistakeIsFoundAndShrunkToTwentyDecisions(way: Way, mistake: PlantedMistake) throws {
    let clock = ContinuousClock()
    let start = clock.now
    do {
      let exploration = try way.explore(mistake.body(among: way.others))
      // Without a seed that varies, faults come at the same instants in every run.
      #expect(way.testDescription.hasPrefix("every") && mistake.needsFaults, "\(exploration)")
      Self.report("| \(mistake.rawValue) | \(way.testDescription) | not in \(exploration.runs) | | | | |")
    } catch let failure as ExplorationFailure {
      #expect(failure.decisions.count <= 20, "\(failure)")
      #expect(failure.faults.count <= 1, "\(failure)")
      #expect(failure.faults.isEmpty == !mistake.needsFaults)
      let error = #expect(throws: (any Error).self) {
        try Simulation.replay(
          seed: failure.seed, failure.decisions, faults: failure.faults.map(\.number),
          mistake.body(among: way.others))
      }
      #expect("\(error!)".prefix(20) == "\(failure.error)".prefix(20))
      let seconds = (clock.now - start) / .seconds(1)
      Self.report(
        "| \(mistake.rawValue) | \(way.testDescription) | \(failure.runs) | \(failure.decisionsFound) | "
          + "\(failure.decisions.count) | \(failure.faults.count) | \(failure.shrinkingRuns) | "
          + "\(String(format: "%.2f", seconds)) s |")
    }
  }

  private static func report(_ line: String) {
    if ProcessInfo.processInfo.environment["RESILIENCE_FIGURES"] != nil { print(line) }
  }
}

extension PlantedMistake {
  var needsFaults: Bool { self == .doubleCharge || self == .clockGoesBack }
}
