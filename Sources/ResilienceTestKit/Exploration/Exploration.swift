/// What an exploration went through without finding a failure.
public struct Exploration: Sendable, Hashable {
  /// Runs made.
  public let runs: Int

  /// How many different schedules they were: runs that took the same decisions count once.
  public let distinctSchedules: Int

  /// Whether these were all there are; always `false` for an exploration by seeds.
  public let isComplete: Bool

  package init(runs: Int, distinctSchedules: Int, isComplete: Bool) {
    self.runs = runs
    self.distinctSchedules = distinctSchedules
    self.isComplete = isComplete
  }
}
