internal import ResilienceCore

/// Makes the runs of one exploration, one after the other.
struct Explorer {
  private let runner: Runner
  private let strategy: ExplorationStrategy
  private let shrinkingRuns: Int
  private var runs = 0
  private var schedules: Set<UInt64> = []
  private var mostSteps = 0
  private var mostNames = 1

  init(_ runner: Runner, _ strategy: ExplorationStrategy, shrinkingRuns: Int) {
    self.runner = runner
    self.strategy = strategy
    self.shrinkingRuns = shrinkingRuns
  }

  var exploration: Exploration { finished(isComplete: false) }

  func finished(isComplete: Bool) -> Exploration {
    Exploration(runs: runs, distinctSchedules: schedules.count, isComplete: isComplete, chance: chance)
  }

  /// 1/(n·k^(d−1)).
  private var chance: Double? {
    guard case .preemptions(let count) = strategy.kind else { return nil }
    return (0..<count).reduce(1 / Double(mostNames)) { chance, _ in chance / Double(max(1, mostSteps)) }
  }

  // MARK: - Runs

  mutating func visit(_ seed: UInt64, isRepeated: Bool) throws(ExplorationFailure) {
    if runs == 0, case .preemptions = strategy.kind {
      // How long a run is, to draw the steps of the changes from.
      mostSteps = runner.run(RunRecipe(seed: seed, order: .script([:]))).steps
    }
    let record = try visit(RunRecipe(seed: seed, order: order))
    mostSteps = max(mostSteps, record.steps)
    if isRepeated { try check(record) }
  }

  /// - Returns: The choices that were made.
  mutating func visit(_ decisions: [Int: Int]) throws(ExplorationFailure) -> [Choices.Choice] {
    try visit(RunRecipe(seed: 0, order: .enumeration(decisions))).choices
  }

  private var order: RunRecipe.Order {
    switch strategy.kind {
    case .random: .dice
    case .preemptions(let count): .priorities(changes: count, horizon: mostSteps)
    }
  }

  private mutating func visit(_ recipe: RunRecipe) throws(ExplorationFailure) -> RunRecord {
    runs += 1
    let record = runner.run(recipe)
    if let error = record.error { throw shrunk(record, error) }
    schedules.insert(record.digest)
    mostNames = max(mostNames, record.names)
    return record
  }

  // MARK: - Failures

  private func shrunk(_ record: RunRecord, _ error: any Error) -> ExplorationFailure {
    let again = runner.run(record.recipe, recording: true)
    guard let error = again.error, FailureKind(error) == record.error.map(FailureKind.init),
      again.digest == record.digest
    else {
      let difference = difference(again, runner.run(record.recipe, recording: true))
      return ExplorationFailure(again, error, runs: runs, found: again, difference: difference)
    }
    var shrinker = Shrinker(
      again, error, runner: runner, runLimit: shrinkingRuns, stepLimit: runner.stepLimit)
    shrinker.shrink()
    let best = shrinker.best
    return ExplorationFailure(
      best, best.error ?? error, runs: runs, found: again, shrinkingRuns: shrinker.runs)
  }

  private func check(_ record: RunRecord) throws(ExplorationFailure) {
    guard runner.run(record.recipe).digest != record.digest else { return }
    let again = runner.run(record.recipe, recording: true)
    let error = difference(again, runner.run(record.recipe, recording: true))
    throw ExplorationFailure(again, error, runs: runs, found: again)
  }

  /// Where two runs of one seed part.
  private func difference(_ first: RunRecord, _ second: RunRecord) -> SimulationError {
    let pair = zip(first.schedule, second.schedule).first { $0 != $1 }
    let last = first.schedule.count < second.schedule.count ? first.schedule.last : second.schedule.last
    let reason = SimulationError.Reason.notRepeatable(
      step: pair?.0.number ?? (last?.number ?? 0) + 1, first: pair.map { "\($0.0)" } ?? "the end",
      second: pair.map { "\($0.1)" } ?? "more")
    return SimulationError(
      reason, seed: first.recipe.seed, at: pair?.0.instant ?? last?.instant ?? Instant(nanoseconds: 0),
      waiting: [])
  }
}
