internal import ResilienceCore

/// A run that failed, made as small as it would go, and how to see it again.
public struct ExplorationFailure: Error, CustomStringConvertible {
  /// The seed of the run: of its randomness, and of its schedule as it was found.
  public let seed: UInt64

  /// The steps at which the smallest run that failed departs from the plain schedule, and the option that was
  /// taken at each; see ``ScheduleStep/option``.
  public let decisions: [Int: Int]

  /// The planned faults that happen in it; see ``FaultPlan``.
  public let faults: [FaultOccurrence]

  /// What the smallest run failed with.
  public let error: any Error

  /// How many runs were made until one failed, that one included.
  public let runs: Int

  /// How many departures the run had as it was found.
  public let decisionsFound: Int

  /// How many runs were made to make it small.
  public let shrinkingRuns: Int

  /// Every step of the smallest run; empty when the failure did not show again.
  public let schedule: [ScheduleStep]

  /// What waited when it ended, as far as it waits through this package.
  public let waiting: [String]

  /// Where two runs of the seed parted, when it did not fail in the same way again; the failure is then not
  /// made small.
  public let difference: SimulationError?

  private let isSeedEnough: Bool
  private let plansFaults: Bool

  init(
    _ record: RunRecord, _ error: any Error, runs: Int, found: RunRecord, shrinkingRuns: Int = 0,
    difference: SimulationError? = nil
  ) {
    seed = record.recipe.seed
    decisions = record.departures
    faults = record.faults
    plansFaults = record.plansFaults
    self.error = error
    self.runs = runs
    decisionsFound = found.departures.count
    self.shrinkingRuns = shrinkingRuns
    self.difference = difference
    schedule = record.schedule
    waiting = record.waiting
    isSeedEnough = if case .dice = found.recipe.order { true } else { false }
  }

  /// The line of code that makes the same run again, in the same build of the same program.
  public var replayLine: String {
    let script = decisions.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
      .joined(separator: ", ")
    let kept = plansFaults ? ", faults: \(faults.map(\.number).sorted())" : ""
    return "try Simulation.replay(seed: \(seed), [\(script.isEmpty ? ":" : script)]\(kept)) { … }"
  }

  /// The error, what had to happen for it, the line that replays it, and the timeline.
  public var description: String {
    let shrunk =
      "\(decisions.count) of \(decisionsFound) decisions are needed, as \(shrinkingRuns) more runs showed"
    let departures = schedule.filter { $0.overtaken != nil }.prefix(20).map { step in
      "at step \(step.number), at \(step.instant), \(step.kind) ran before \(step.overtaken ?? step.kind)"
    }
    return
      ([
        "run \(runs), seed \(seed), failed: \(error)",
        difference.map { "it did not fail so again: \($0)" } ?? shrunk,
      ]
      + departures + faults.map(\.description) + [
        isSeedEnough && decisions.count > 100
          ? "" : "replay it in a \(SimulationError.build) build: \(replayLine)",
        isSeedEnough ? "as it was found: Simulation(seed: \(seed)).run" : "",
        error is SimulationError ? "" : SimulationError.hashing,
        timeline,
      ]).filter { !$0.isEmpty }.joined(separator: "\n")
  }

  /// The smallest run as text: a line for each step, a column for each task, the departures marked with `!`.
  ///
  /// Long runs are shown around their departures and faults, and at their end.
  public var timeline: String { TimelineText(self).text }

  /// The smallest run as a page of HTML that needs nothing else: one lane a task, every step, what waited.
  public var html: String { TimelinePage(self).html }
}
