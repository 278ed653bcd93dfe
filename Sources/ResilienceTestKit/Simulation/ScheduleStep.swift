public import ResilienceCore

/// One decision of a simulation: what ran next, and out of how many.
public struct ScheduleStep: Sendable, Hashable, CustomStringConvertible {
  /// What a step runs.
  public enum Kind: Sendable, Hashable, CustomStringConvertible {
    /// A job of a task. Tasks are numbered in the order in which they first appear.
    case job(task: Int)

    /// A timer.
    case timer

    /// `task 3` or `timer`.
    public var description: String {
      switch self {
      case .job(let task): "task \(task)"
      case .timer: "timer"
      }
    }
  }

  /// Which step of the run it was, from 1. Numbers are missing where the time moved.
  public let number: Int

  /// The virtual instant.
  public let instant: Instant

  /// What ran.
  public let kind: Kind

  /// Which of the options was taken, from 0: the timers that were due, the oldest first, then the runnable
  /// jobs. 0 is the plain schedule.
  public let option: Int

  /// How many things could have run.
  public let options: Int

  /// What would have run in the plain schedule, where the step departs from it.
  public let overtaken: Kind?

  /// The step on one line: `12.5s task 3 (2 of 4), before task 1`.
  public var description: String {
    "\(instant) \(kind) (\(option + 1) of \(options))" + (overtaken.map { ", before \($0)" } ?? "")
  }
}
