internal import ResilienceCore

/// What one run is made from.
struct RunRecipe: Sendable {
  enum Order: Sendable {
    case dice
    case priorities(changes: Int, horizon: Int)
    case script([Int: Int])
    /// The order that some have in a run, and the plain schedule for all others.
    case projection([UInt64], of: Set<UInt64>)

    /// As a script, with the timers of one instant in the order in which they were armed.
    case enumeration([Int: Int])
  }

  var seed: UInt64
  var order: Order

  /// The numbers of the faults that happen; `nil` for all.
  var faults: Set<Int>?
}

/// What came of one run.
struct RunRecord {
  let recipe: RunRecipe
  let error: (any Error)?
  let digest: UInt64
  let steps: Int

  /// How many tasks and timers there were; only counted for priorities.
  let names: Int

  /// The rest is empty where it was not recorded.
  let choices: [Choices.Choice]
  let schedule: [ScheduleStep]
  let order: [UInt64]
  let faults: [FaultOccurrence]
  let plansFaults: Bool
  let waiting: [String]

  /// The steps that departed from the plain schedule, and the options taken there.
  let departures: [Int: Int]
}

/// Makes runs of one body.
struct Runner: Sendable {
  var stepLimit: Int
  let body: @Sendable (Simulation) async throws -> Void

  func run(_ recipe: RunRecipe, recording: Bool = false) -> RunRecord {
    let choices = choices(recipe, recording)
    let simulation = Simulation(
      seed: recipe.seed, choices: choices, faults: recipe.faults, stepLimit: stepLimit,
      recordsSchedule: recording)
    var failure: (any Error)?
    do {
      try simulation.run(body)
    } catch {
      failure = error
    }
    let departures = choices.made.lazy.filter { $0.taken > 0 }.map { ($0.step, $0.taken) }
    return RunRecord(
      recipe: recipe, error: failure, digest: simulation.scheduleDigest, steps: simulation.stepCount,
      names: choices.namesSeen, choices: choices.made, schedule: simulation.schedule, order: simulation.order,
      faults: simulation.faults.begun, plansFaults: simulation.faults.hasDrawn,
      waiting: failure == nil ? [] : simulation.waiting,
      departures: Dictionary(uniqueKeysWithValues: departures))
  }

  private func choices(_ recipe: RunRecipe, _ isRecording: Bool) -> Choices {
    // The first number of a seed is the choices', as in `Simulation(seed:)`.
    let seed = SeededRandomSource(seed: recipe.seed).next()
    return switch recipe.order {
    case .dice: Choices(seed: seed, isRecording: isRecording)
    case .priorities(let changes, let horizon):
      Choices(
        priorities: PriorityOrder(seed: seed, changes: changes, horizon: horizon), isRecording: isRecording)
    case .script(let script): Choices(script: script)
    case .projection(let order, let bound):
      Choices(projection: ProjectedOrder(order, of: bound))
    case .enumeration(let script): Choices(script: script, timerLimit: 1)
    }
  }
}
