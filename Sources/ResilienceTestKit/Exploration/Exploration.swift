/// What an exploration went through without finding a failure.
public struct Exploration: Sendable, Hashable {
  /// Runs made, without those that only repeated one.
  public let runs: Int

  /// How many different schedules they were: runs that took the same decisions at the same times count once.
  public let distinctSchedules: Int

  /// Whether these were all there are; always `false` for an exploration by seeds.
  public let isComplete: Bool

  /// With ``ExplorationStrategy/preemptions(_:)``: the least probability with which one run finds a mistake
  /// that needs one ordering more than there are preemptions, 1/(n·k^(d−1)) for n tasks and timers, k steps
  /// and d orderings; else `nil`.
  ///
  /// The n and k are the largest that a run had. The chance that all runs together passed such a mistake by
  /// is (1 − chance)^runs at most.
  public let chance: Double?

  package init(runs: Int, distinctSchedules: Int, isComplete: Bool, chance: Double? = nil) {
    self.runs = runs
    self.distinctSchedules = distinctSchedules
    self.isComplete = isComplete
    self.chance = chance
  }
}
