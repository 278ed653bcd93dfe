import ResilienceTestKit
import Testing

@testable import ResilienceCore

/// What failed is made small, and says what is needed for it.
@Suite struct ShrinkingTests {
  /// Lost when the second task runs between the two steps of the first, whatever the twenty others do.
  private static func race(_ simulation: Simulation) async throws {
    let value = Log<Int>()
    await withTaskGroup { group in
      for task in 0..<2 {
        group.addTask {
          let seen = value.entries.count
          for _ in 0..<3 { await Task.yield() }
          if value.entries.count == seen { value.append(task) }
          await Task.yield()
        }
      }
      for _ in 0..<20 {
        group.addTask {
          for _ in 0..<10 { await Task.yield() }
          try? await simulation.sleep(for: .milliseconds(5))
        }
      }
    }
    try simulation.require(value.entries.count == 1, "the value was written \(value.entries.count) times")
  }

  private func failure() throws -> ExplorationFailure {
    try #require(throws: ExplorationFailure.self) {
      try Simulation.explore(seeds: 0..<10_000) { try await Self.race($0) }
    }
  }

  @Test func aFailureOfHundredsOfDecisionsIsShrunkToAHandful() throws {
    let failure = try failure()
    #expect(failure.decisionsFound > 100)
    #expect(failure.decisions.count <= 8, "\(failure)")
    #expect(failure.shrinkingRuns <= 500)
    #expect(failure.error is Violation)
    #expect(failure.difference == nil)
  }

  @Test func theShrunkRunFailsInTheSameWayEveryTime() throws {
    let failure = try failure()
    for _ in 0..<10 {
      let error = try #require(throws: Violation.self) {
        try Simulation.replay(seed: failure.seed, failure.decisions) { try await Self.race($0) }
      }
      #expect(error == failure.error as? Violation)
    }
  }

  @Test func noDepartureOfTheShrunkRunCanBeLeftOut() throws {
    let failure = try failure()
    for step in failure.decisions.keys {
      var decisions = failure.decisions
      decisions[step] = nil
      #expect(throws: Never.self) {
        try Simulation.replay(seed: failure.seed, decisions) { try await Self.race($0) }
      }
    }
  }

  @Test func itsTextSaysWhichStepsDepartAndHowToReplayThem() throws {
    let failure = try failure()
    for (step, option) in failure.decisions {
      #expect(failure.replayLine.contains("\(step): \(option)"))
      #expect(failure.description.contains("at step \(step), at "))
    }
    #expect(failure.description.contains("try Simulation.replay(seed: \(failure.seed), ["))
    #expect(failure.description.contains("\(failure.decisions.count) of \(failure.decisionsFound) decisions"))
    #expect(failure.schedule.count { $0.overtaken != nil } == failure.decisions.count)
  }

  @Test func withoutShrinkingRunsAFailureIsAsItWasFound() throws {
    let failure = try #require(throws: ExplorationFailure.self) {
      try Simulation.explore(seeds: 0..<10_000, shrinkingRuns: 0) { try await Self.race($0) }
    }
    #expect(failure.decisions.count == failure.decisionsFound)
    #expect(failure.shrinkingRuns == 0)
    #expect(throws: Violation.self) {
      try Simulation.replay(seed: failure.seed, failure.decisions) { try await Self.race($0) }
    }
  }

  /// Two mistakes: the plain schedule makes one of them, and only some schedules the other.
  private enum Mistake: Error { case rare, usual }

  @Test func shrinkingDoesNotSlipToAnotherMistake() throws {
    let first = Log<Bool>()
    let failure = try #require(throws: ExplorationFailure.self) {
      try Simulation.explore(seeds: 0..<1000) { _ in
        let order = Log<Int>()
        await withTaskGroup { group in
          for task in 0..<3 { group.addTask { order.append(task) } }
        }
        if order.entries == [2, 0, 1] {
          first.append(true)
          throw Mistake.rare
        }
        if first.entries.count > 0 { throw Mistake.usual }
      }
    }
    #expect(failure.error as? Mistake == .rare)
    #expect(failure.decisions.count == 1)
  }

  @Test func timersOfOneInstantAreDecisionsToo() throws {
    let failure = try #require(throws: ExplorationFailure.self) {
      try Simulation.explore(seeds: 0..<1000) { simulation in
        let fired = Log<Int>()
        let clock = CallContext.current.clock
        for timer in 0..<3 {
          _ = clock.schedule(at: Instant(nanoseconds: 1_000)) { fired.append(timer) }
        }
        try await simulation.advance(by: .seconds(1))
        try simulation.require(fired.entries != [0, 2, 1], "the third before the second")
      }
    }
    #expect(failure.decisions.count == 1)
    #expect(failure.description.contains("timer ran before timer"))
  }

  @Test func theTimelineHasALaneForEachTaskAndNamesWhatWaits() throws {
    let failure = try #require(throws: ExplorationFailure.self) {
      try Simulation.explore(seeds: 0..<1) { simulation in
        async let sleeper: Void = simulation.sleep(for: .seconds(1))
        try await sleeper
        _ = await Waiter("<Door> & \"Gate\"").wait()
      }
    }
    let lines = failure.timeline.split(separator: "\n").map(String.init)
    #expect(lines[0].contains("task 1") && lines[0].contains("task 2") && lines[0].contains("timer"))
    #expect(lines.contains { $0.hasPrefix("ended with: deadlock") })
    #expect(lines.last == "waiting: <Door> & \"Gate\"")
    #expect(failure.html.contains("&lt;Door&gt; &amp; &quot;Gate&quot;"))
    #expect(!failure.html.contains("<Door>"))
    #expect(failure.html.count { $0 == "●" } == 0)
    #expect(failure.html.components(of: "<circle").count == failure.schedule.count)
    #expect(failure.html.contains("prefers-color-scheme: dark"))
    #expect(!failure.html.contains("http"))
  }

  @Test func aLongTimelineIsShownAroundItsDeparturesAndItsEnd() throws {
    let failure = try failure()
    let lines = failure.timeline.split(separator: "\n")
    #expect(failure.schedule.count > 200)
    #expect(lines.count < 60)
    #expect(lines.contains { $0.hasSuffix(" more") })
    #expect(lines.count { $0.contains("before task") } == failure.decisions.count)
  }
}

extension String {
  fileprivate func components(of text: String) -> [Range<String.Index>] { ranges(of: text) }
}
