internal import ResilienceCore

extension Simulation {
  /// Runs `body` once for each seed, and stops at the first that fails.
  ///
  /// ```swift
  /// try Simulation.explore(seeds: 0..<10_000) { simulation in
  ///   let account = Account(balance: 100)
  ///   async let first: Void = account.withdraw(80)
  ///   async let second: Void = account.withdraw(80)
  ///   _ = try? await (first, second)
  ///   try await simulation.require(account.balance >= 0, "overdrawn")
  /// }
  /// ```
  ///
  /// - Parameters:
  ///   - seeds: The seeds to try.
  ///   - stepLimit: How many jobs and timers one run may take. Default: a million, seconds of work.
  ///   - body: The system and its oracle: it throws when something is wrong. Everything it uses must be made
  ///     in it.
  /// - Returns: How many runs, and how many different schedules they were.
  /// - Throws: ``ExplorationFailure`` with the seed that failed.
  @discardableResult
  public static func explore(
    seeds: Range<UInt64>, stepLimit: Int = 1_000_000,
    _ body: @escaping @Sendable (_ simulation: Simulation) async throws -> Void
  ) throws -> Exploration {
    var schedules: Set<UInt64> = []
    for seed in seeds {
      let simulation = Simulation(seed: seed, stepLimit: stepLimit)
      do {
        try simulation.run(body)
      } catch {
        throw ExplorationFailure(replay: .seed(seed), error: error, runs: Int(seed - seeds.lowerBound) + 1)
      }
      schedules.insert(simulation.scheduleDigest)
    }
    return Exploration(runs: seeds.count, distinctSchedules: schedules.count, isComplete: false)
  }

  /// Runs `body` in every order in which its tasks and timers can interleave, and stops at the first that
  /// fails.
  ///
  /// For small scenarios: the number of orders grows with the factorial of the tasks. Time and randomness are
  /// the same in every run; timers of one instant fire in the order in which they were armed.
  ///
  /// - Parameters:
  ///   - limit: The most runs to make. Default: 100 000.
  ///   - stepLimit: How many jobs and timers one run may take. Default: 10 000.
  ///   - body: The system and its oracle: it throws when something is wrong. Everything it uses must be made
  ///     in it.
  /// - Returns: How many runs, and whether these were all.
  /// - Throws: ``ExplorationFailure`` with the decisions that failed.
  @discardableResult
  public static func exploreEveryInterleaving(
    limit: Int = 100_000, stepLimit: Int = 10_000,
    _ body: @escaping @Sendable (_ simulation: Simulation) async throws -> Void
  ) throws -> Exploration {
    precondition(limit >= 1, "an exploration's limit must be 1 or more, was \(limit)")
    var script: [Int]? = []
    var runs = 0
    while let decisions = script, runs < limit {
      runs += 1
      let choices = Choices(script: decisions)
      do {
        try scripted(choices, stepLimit: stepLimit).run(body)
      } catch {
        throw ExplorationFailure(replay: .decisions(choices.made.map(\.taken)), error: error, runs: runs)
      }
      script = next(after: choices.made)
    }
    return Exploration(runs: runs, distinctSchedules: runs, isComplete: script == nil)
  }

  /// Runs `body` with the decisions of an ``ExplorationFailure``; where they end, the first option is taken.
  ///
  /// - Throws: What `body` throws, and ``SimulationError``.
  public static func replay<Result: Sendable>(
    _ decisions: [Int], _ body: @escaping @Sendable (_ simulation: Simulation) async throws -> Result
  ) throws -> Result {
    try scripted(Choices(script: decisions), stepLimit: .max).run(body)
  }

  /// Throws when `condition` does not hold: an oracle's way to fail, from any test library or none.
  ///
  /// - Parameters:
  ///   - condition: What must hold.
  ///   - message: What it means when it does not.
  /// - Throws: ``Violation``.
  public func require(_ condition: Bool, _ message: @autoclosure () -> String) throws(Violation) {
    if !condition { throw Violation(message: message(), instant: now) }
  }

  private static func scripted(_ choices: Choices, stepLimit: Int) -> Simulation {
    Simulation(
      seed: 0, choices: choices, random: SeededRandomSource(seed: 0),
      startingAt: UnixTime(nanoseconds: 946_684_800_000_000_000), stepLimit: stepLimit, recordsSchedule: false
    )
  }

  /// The next script in depth-first order; `nil` after the last.
  private static func next(after made: [Choices.Choice]) -> [Int]? {
    guard let last = made.lastIndex(where: { $0.taken + 1 < $0.options }) else { return nil }
    return made[..<last].map(\.taken) + [made[last].taken + 1]
  }
}
