internal import ResilienceCore

extension Simulation {
  /// Runs `body` once for each seed, and stops at the first that fails, which it makes small.
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
  /// A run that failed is made again with fewer faults and fewer departures from the plain schedule, as
  /// long as it fails in the same way: with an error of the same type, and a text that is the same as far
  /// as the first digit, bracket or quotation mark; a ``SimulationError`` with the same reason.
  ///
  /// - Parameters:
  ///   - seeds: The seeds to try.
  ///   - strategy: How a seed becomes a schedule. Default: every choice at random.
  ///   - stepLimit: How many jobs and timers one run may take, and all runs together that make a failure
  ///     small. Default: a million, seconds of work.
  ///   - interval: Every which seed is run twice, the first always, to see that a seed repeats itself, 0 or
  ///     more; 0 never. Default: 100, which costs a hundredth of the time.
  ///   - shrinkingRuns: How many runs may be made to make a failure small, 0 or more; 0 takes it as it was
  ///     found. Default: 500; a mistake of one or two decisions in a run of a thousand takes some hundred.
  ///   - body: The system and its oracle: it throws when something is wrong. Everything it uses must be made
  ///     in it.
  /// - Returns: How many runs, how many different schedules they were, and what that says.
  /// - Throws: ``ExplorationFailure`` with the seed that failed, or that did not repeat itself.
  @discardableResult
  public static func explore(
    seeds: Range<UInt64>, strategy: ExplorationStrategy = .random, stepLimit: Int = 1_000_000,
    repeatingEvery interval: Int = 100, shrinkingRuns: Int = 500,
    _ body: @escaping @Sendable (_ simulation: Simulation) async throws -> Void
  ) throws -> Exploration {
    precondition(
      interval >= 0, "the interval of an exploration's repetitions must be 0 or more, was \(interval)")
    precondition(
      shrinkingRuns >= 0, "an exploration's shrinking runs must be 0 or more, were \(shrinkingRuns)")
    var explorer = Explorer(Runner(stepLimit: stepLimit, body: body), strategy, shrinkingRuns: shrinkingRuns)
    for seed in seeds {
      let offset = seed - seeds.lowerBound
      try explorer.visit(seed, isRepeated: interval > 0 && offset.isMultiple(of: UInt64(interval)))
    }
    return explorer.exploration
  }

  /// Runs `body` in every order in which its tasks and timers can interleave, and stops at the first that
  /// fails, which it makes small.
  ///
  /// For small scenarios: the number of orders grows with the factorial of the tasks. Time and randomness are
  /// the same in every run; timers of one instant fire in the order in which they were armed.
  ///
  /// - Parameters:
  ///   - departures: How many steps of a run depart from the plain schedule at most, 0 or more, which
  ///     leaves a number of runs that grows with a power of the steps: most mistakes need one or two.
  ///     Default: no limit.
  ///   - limit: The most runs to make. Default: 100 000.
  ///   - stepLimit: How many jobs and timers one run may take. Default: 10 000.
  ///   - shrinkingRuns: How many runs may be made to make a failure small, 0 or more. Default: 500.
  ///   - body: The system and its oracle: it throws when something is wrong. Everything it uses must be made
  ///     in it.
  /// - Returns: How many runs, and whether these were all.
  /// - Throws: ``ExplorationFailure`` with the decisions that failed.
  @discardableResult
  public static func exploreEveryInterleaving(
    departures: Int = .max, limit: Int = 100_000, stepLimit: Int = 10_000, shrinkingRuns: Int = 500,
    _ body: @escaping @Sendable (_ simulation: Simulation) async throws -> Void
  ) throws -> Exploration {
    precondition(limit >= 1, "an exploration's limit must be 1 or more, was \(limit)")
    precondition(departures >= 0, "an exploration's departures must be 0 or more, were \(departures)")
    precondition(
      shrinkingRuns >= 0, "an exploration's shrinking runs must be 0 or more, were \(shrinkingRuns)")
    var explorer = Explorer(Runner(stepLimit: stepLimit, body: body), .random, shrinkingRuns: shrinkingRuns)
    var script: [Int: Int]? = [:]
    while let decisions = script, explorer.exploration.runs < limit {
      script = Enumeration.next(after: try explorer.visit(decisions), departures: departures)
    }
    return explorer.finished(isComplete: script == nil)
  }

  /// Runs `body` with the decisions of an ``ExplorationFailure``; everywhere else the first option is taken.
  ///
  /// - Parameters:
  ///   - seed: The seed of its randomness, and of what its ``FaultPlan`` draws.
  ///   - decisions: The steps that depart from the plain schedule, and the option that each takes. Options
  ///     that there are not become the nearest that there is.
  ///   - faults: The numbers of the planned faults that happen. Default: `nil`, all of them.
  ///   - body: What was explored.
  /// - Throws: What `body` throws, ``Violation`` and ``SimulationError``.
  public static func replay<Result: Sendable>(
    seed: UInt64 = 0, _ decisions: [Int: Int], faults: [Int]? = nil,
    _ body: @escaping @Sendable (_ simulation: Simulation) async throws -> Result
  ) throws -> Result {
    try Simulation(
      seed: seed, choices: Choices(script: decisions), faults: faults.map(Set.init), stepLimit: .max,
      recordsSchedule: false
    ).run(body)
  }
}
