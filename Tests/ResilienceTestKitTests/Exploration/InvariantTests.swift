import ResilienceTestKit
import Testing

@testable import ResilienceCore

@Suite struct InvariantTests {
  private final class Counter: Sendable {
    private let storage: Lock<Int>

    init(_ value: Int) {
      storage = Lock(value)
    }

    var value: Int { storage.withLock { $0 } }

    func add(_ change: Int) {
      storage.withLock { $0 += change }
    }
  }

  @Test func anInvariantEndsTheRunAtTheStepThatBreaksIt() throws {
    let balance = Counter(100)
    let error = try #require(throws: Violation.self) {
      try Simulation(seed: 1).run { sim in
        sim.always("the balance is not negative") { balance.value >= 0 }
        for _ in 0..<5 {
          try await sim.sleep(for: .seconds(1))
          balance.add(-30)
        }
        balance.add(1000)
      }
    }
    #expect(error.message == "the balance is not negative")
    #expect(error.instant == Instant(nanoseconds: 4_000_000_000))
    #expect(error.description == "the balance is not negative (at 4.0s, step \(error.step))")
    #expect(balance.value == -20)
  }

  @Test func whatComesToHoldInTimeIsFineAndIsNotAskedAgain() throws {
    let asked = Log<Void>()
    try Simulation(seed: 1).run { sim in
      let isDone = Log<Void>()
      sim.eventually("done", within: .seconds(5)) {
        asked.append(())
        return !isDone.entries.isEmpty
      }
      try await sim.sleep(for: .seconds(5))
      isDone.append(())
      try await sim.sleep(for: .seconds(5))
    }
    #expect((2...6).contains(asked.entries.count))
  }

  @Test func whatComesTooLateEndsTheRunAtTheEndOfItsTime() throws {
    let error = try #require(throws: Violation.self) {
      try Simulation(seed: 1).run { sim in
        try await sim.sleep(for: .seconds(1))
        sim.eventually("shipped", within: .seconds(5)) { sim.now >= Instant(nanoseconds: 7_000_000_000) }
        try await sim.sleep(for: .seconds(60))
      }
    }
    #expect(error.message == "shipped: it did not until 6.0s")
    #expect(error.instant == Instant(nanoseconds: 6_000_000_000))
  }

  @Test func aRunThatEndsBeforeItHoldsFails() throws {
    let error = try #require(throws: Violation.self) {
      try Simulation(seed: 1).run { sim in
        sim.eventually("shipped", within: .seconds(5)) { false }
      }
    }
    #expect(error.message == "shipped: the run ended before it did")
  }

  @Test func whatTheBodyThrowsIsSaidBeforeWhatDidNotComeToHold() {
    struct Planned: Error {}
    #expect(throws: Planned.self) {
      try Simulation(seed: 1).run { sim in
        sim.eventually("shipped", within: .seconds(5)) { false }
        throw Planned()
      }
    }
  }

  @Test func anExplorationShrinksAnInvariantsViolation() throws {
    let failure = try #require(throws: ExplorationFailure.self) {
      try Simulation.explore(seeds: 0..<1000) { sim in
        let inside = Counter(0)
        sim.always("one at a time") { inside.value <= 1 }
        await withTaskGroup { group in
          for task in 0..<4 {
            group.addTask {
              for _ in 0..<task * 3 { await Task.yield() }
              inside.add(1)
              await Task.yield()
              inside.add(-1)
            }
          }
        }
      }
    }
    #expect((failure.error as? Violation)?.message == "one at a time")
    #expect(failure.decisions.count <= 8, "\(failure)")
  }
}
