import ResilienceTestKit
import Testing

@testable import ResilienceCore

@Suite struct StrategyTests {
  /// One of many tasks must be slower than all others throughout: chance in every step hardly ever does that.
  private static func needsOneSlowTask(_ simulation: Simulation) async throws {
    let order = Log<Int>()
    await withTaskGroup { group in
      for task in 0..<6 {
        group.addTask {
          for _ in 0..<(task == 0 ? 1 : 12) { await Task.yield() }
          order.append(task)
        }
      }
    }
    try simulation.require(order.entries.last != 0, "the short task was last")
  }

  @Test func prioritiesFindWhatChanceInEveryStepHardlyEverDoes() throws {
    let random = try Simulation.explore(seeds: 0..<100) { try await Self.needsOneSlowTask($0) }
    #expect(random.runs == 100)
    #expect(random.chance == nil)
    let failure = try #require(throws: ExplorationFailure.self) {
      try Simulation.explore(seeds: 0..<100, strategy: .preemptions(0)) {
        try await Self.needsOneSlowTask($0)
      }
    }
    #expect(throws: Violation.self) {
      try Simulation.replay(seed: failure.seed, failure.decisions) { try await Self.needsOneSlowTask($0) }
    }
    #expect(!failure.description.contains("as it was found"))
  }

  @Test func theChanceOfPrioritiesIsOneOverTasksAndStepsToThePowerOfPreemptions() throws {
    @Sendable func chance(_ preemptions: Int) throws -> Double? {
      try Simulation.explore(seeds: 0..<20, strategy: .preemptions(preemptions)) { _ in
        await withTaskGroup { group in
          for _ in 0..<3 { group.addTask { await Task.yield() } }
        }
      }.chance
    }
    // Three tasks and the body, of two jobs each.
    let chances = try (0...2).map { try chance($0) ?? 0 }
    #expect(chances[0] == 0.25)
    #expect(chances[0] / chances[1] == chances[1] / chances[2])
    #expect((8...16).contains(chances[0] / chances[1]), "steps")
  }

  @Test func whatPollsWithAHighPriorityDoesNotStopARun() throws {
    try Simulation.explore(seeds: 0..<50, strategy: .preemptions(1), stepLimit: 100_000) { _ in
      let isOpen = Log<Void>()
      await withTaskGroup { group in
        group.addTask { while isOpen.entries.isEmpty { await Task.yield() } }
        group.addTask { isOpen.append(()) }
      }
    }
  }

  @Test func departuresBoundAnEnumeration() throws {
    @Sendable func body(_ orders: Log<[Int]>) -> @Sendable (Simulation) async throws -> Void {
      { _ in
        let order = Log<Int>()
        await withTaskGroup { group in
          for task in 0..<5 { group.addTask { order.append(task) } }
        }
        orders.append(order.entries)
      }
    }
    let (plain, once, all) = (Log<[Int]>(), Log<[Int]>(), Log<[Int]>())
    #expect(try Simulation.exploreEveryInterleaving(departures: 0, body(plain)).isComplete)
    #expect(try Simulation.exploreEveryInterleaving(departures: 1, body(once)).isComplete)
    #expect(try Simulation.exploreEveryInterleaving(body(all)).isComplete)
    #expect(plain.entries == [[0, 1, 2, 3, 4]])
    #expect(Set(all.entries).count == 120)
    #expect(once.entries.count < 20)
    #expect(Set(once.entries).isStrictSuperset(of: plain.entries))
    #expect(Set(once.entries).isStrictSubset(of: all.entries))
  }

  // MARK: - Seeds that do not repeat themselves

  @Test func row94_aRunThatDependsOnTheOrderOfASetIsReportedWithItsFirstStep() throws {
    let sets = Log<Set<String>>()
    let failure = try #require(throws: ExplorationFailure.self) {
      try Simulation.explore(seeds: 0..<20, repeatingEvery: 1) { simulation in
        // An instance has an order of its own, by its address: none of them is given back.
        let names = Set((0..<40).map { "name \($0)" })
        sets.append(names)
        for name in names.prefix(3) {
          try await simulation.sleep(for: .milliseconds(Int64(name.utf8.reduce(0) { $0 + Int($1) })))
        }
      }
    }
    let error = try #require(failure.error as? SimulationError)
    guard case .notRepeatable(let step, _, _) = error.reason else {
      _ = Issue.record("\(error)")
      return
    }
    #expect(step > 1)
    #expect(error.description.contains("two runs of the seed differ from step \(step) on"))
    #expect(error.description.contains("SWIFT_DETERMINISTIC_HASHING=1"))
    #expect(error.description.contains("order of a `Set` or a `Dictionary`"))
  }

  @Test func aSeedIsRepeatedAsOftenAsAsked() throws {
    func runs(_ interval: Int) throws -> Int {
      let runs = Log<Void>()
      let exploration = try Simulation.explore(seeds: 5..<25, repeatingEvery: interval) { _ in runs.append(())
      }
      #expect(exploration.runs == 20)
      return runs.entries.count
    }
    #expect(try runs(0) == 20)
    #expect(try runs(10) == 22)
    #expect(try runs(1) == 40)
  }

  @Test func aFailureThatDoesNotComeAgainIsNotShrunkAndSaysSo() throws {
    let runs = Log<Void>()
    let failure = try #require(throws: ExplorationFailure.self) {
      try Simulation.explore(seeds: 0..<100, repeatingEvery: 0) { simulation in
        runs.append(())
        try simulation.require(runs.entries.count != 7, "the seventh run")
      }
    }
    #expect(failure.error is Violation)
    #expect(failure.runs == 7)
    #expect(failure.shrinkingRuns == 0)
    #expect(failure.difference != nil)
    #expect(failure.description.contains("it did not fail so again: not repeatable"))
  }
}
