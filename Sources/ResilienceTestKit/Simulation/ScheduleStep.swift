public import ResilienceCore

/// One decision of a simulation: what ran next, and out of how many.
public struct ScheduleStep: Sendable, Hashable, CustomStringConvertible {
  /// What a step runs.
  public enum Kind: Sendable, Hashable {
    /// A job of a task. Tasks are numbered in the order in which they first run.
    case job(task: Int)

    /// A timer.
    case timer
  }

  /// The virtual instant.
  public let instant: Instant

  /// What ran.
  public let kind: Kind

  /// Which of the options was taken, from 0.
  public let option: Int

  /// How many things could have run.
  public let options: Int

  /// The step on one line: `12.5s task 3 (2 of 4)`.
  public var description: String {
    let what =
      switch kind {
      case .job(let task): "task \(task)"
      case .timer: "timer"
      }
    return "\(instant) \(what) (\(option + 1) of \(options))"
  }
}
