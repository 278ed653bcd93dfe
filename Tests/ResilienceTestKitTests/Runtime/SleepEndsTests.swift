import ResilienceCore
import ResilienceTestKit
import Testing

/// Sleeps of no time, and sleeps without end.
@Suite struct SleepEndsTests {
  typealias Sleep = @Sendable (Simulation) async throws -> Void

  static let ours: [(String, Sleep)] = [
    ("the simulation", { try await $0.sleep(for: .zero) }),
    ("the simulation, less than nothing", { try await $0.sleep(for: .seconds(-1)) }),
    ("the context's clock", { _ in try await CallContext.current.clock.sleep(for: .zero) }),
    (
      "the context's clock, in the past",
      {
        try await CallContext.current.clock.sleep(until: $0.now.advanced(byNanoseconds: -5))
      }
    ),
    ("the simulation's clock as one of Swift's", { try await anyClockSleeps($0.clock, for: .zero) }),
    ("a manual clock", { _ in try await ManualClock().sleep(for: .zero) }),
    ("the system's clock", { _ in try await SystemClock().sleep(for: .zero) }),
  ]

  static let theRuntimes: [(String, Sleep)] = [
    ("Task.sleep(for:)", { _ in try await Task.sleep(for: .zero) }),
    ("Task.sleep(for:), less than nothing", { _ in try await Task.sleep(for: .seconds(-1)) }),
    ("Task.sleep(nanoseconds:)", { _ in try await Task.sleep(nanoseconds: 0) }),
    ("ContinuousClock", { _ in try await ContinuousClock().sleep(until: .now - .seconds(1)) }),
    ("SuspendingClock", { _ in try await SuspendingClock().sleep(until: .now) }),
  ]

  private func loop(_ sleep: @escaping Sleep) throws {
    let error = try #require(throws: SimulationError.self) {
      try Simulation(seed: 1, stepLimit: 500).run { sim in
        while !Task.isCancelled { try await sleep(sim) }
      }
    }
    #expect(error.reason == .stepLimit(500))
    // Another task runs though this one never rests.
    let isSet = Log<Void>()
    try Simulation(seed: 2, stepLimit: 500).run { sim in
      async let other: Void = isSet.append(())
      while isSet.entries.isEmpty { try await sleep(sim) }
      await other
    }
  }

  @Test(arguments: ours)
  func row92_aSleepOfNoTimeGivesWay(name: String, sleep: @escaping Sleep) throws {
    try loop(sleep)
  }

  @Test(.enabled(if: Simulation.scope.contains(.sleeps)), arguments: theRuntimes)
  func row92_aSleepOfTheRuntimeOfNoTimeGivesWay(name: String, sleep: @escaping Sleep) throws {
    try loop(sleep)
  }

  // MARK: - Without end

  private actor Sleeper {
    func sleep() async throws { try await Task.sleep(for: .seconds(Int64.max)) }
  }

  @MainActor private static func sleepOnTheMainActor() async throws {
    try await Task.sleep(for: .seconds(Int64.max))
  }

  static let oursWithoutEnd: [(String, Sleep)] = [
    ("the simulation", { try await $0.sleep(for: .seconds(Int64.max)) }),
    ("the longest duration", { try await $0.sleep(for: Duration(attoseconds: .max)) }),
    (
      "the context's clock",
      { _ in
        try await CallContext.current.clock.sleep(until: Instant(nanoseconds: .max))
      }
    ),
    (
      "the simulation's clock as one of Swift's",
      {
        try await anyClockSleeps($0.clock, for: .seconds(Int64.max))
      }
    ),
  ]

  static let theRuntimesWithoutEnd: [(String, Sleep)] = [
    ("Task.sleep(for:)", { _ in try await Task.sleep(for: .seconds(Int64.max)) }),
    ("Task.sleep(nanoseconds:)", { _ in try await Task.sleep(nanoseconds: .max) }),
    ("ContinuousClock", { _ in try await ContinuousClock().sleep(for: .seconds(Int64.max)) }),
    ("SuspendingClock", { _ in try await SuspendingClock().sleep(until: .now + .seconds(Int64.max)) }),
    ("an actor of a detached task", { _ in try await Task.detached { try await Sleeper().sleep() }.value }),
    ("the main actor", { _ in try await sleepOnTheMainActor() }),
    ("a plain task", { _ in try await Task { try await Task.sleep(for: .seconds(Int64.max)) }.value }),
  ]

  private func sleepWithoutEnd(_ sleep: @escaping Sleep) throws {
    let error = try #require(throws: SimulationError.self) {
      try Simulation(seed: 1).run { sim in
        try await sim.sleep(for: .seconds(5))
        try await sleep(sim)
      }
    }
    #expect(error.reason == .deadlock)
    #expect(error.instant == Instant(nanoseconds: 5_000_000_000))
    #expect(error.waiting.contains("a sleep without end"))
    // Beside it time goes on, as long as there is something to do.
    let hasEnded = Log<Void>()
    let end = try Simulation(seed: 1).run { sim in
      let sleeper = Task(executorPreference: CallContext.current.executor) {
        try await sleep(sim)
        hasEnded.append(())
      }
      for _ in 0..<100 { try await sim.sleep(for: .seconds(86_400 * 365)) }
      #expect(hasEnded.entries.isEmpty)
      sleeper.cancel()
      return sim.now
    }
    #expect(end == Instant(nanoseconds: 86_400 * 365 * 100 * 1_000_000_000))
  }

  @Test(arguments: oursWithoutEnd)
  func row93_theLongestSleepNeverEnds(name: String, sleep: @escaping Sleep) throws {
    try sleepWithoutEnd(sleep)
  }

  @Test(.enabled(if: Simulation.scope.contains(.sleeps)), arguments: theRuntimesWithoutEnd)
  func row93_theLongestSleepOfTheRuntimeNeverEnds(name: String, sleep: @escaping Sleep) throws {
    try sleepWithoutEnd(sleep)
  }
}

private func anyClockSleeps(_ clock: any Clock<Duration>, for duration: Duration) async throws {
  try await clock.sleep(for: duration)
}
