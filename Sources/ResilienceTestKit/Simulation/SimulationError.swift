public import ResilienceCore

/// Why a simulation could not go on.
public struct SimulationError: Error, Hashable, CustomStringConvertible {
  /// The kinds of dead end.
  public enum Reason: Sendable, Hashable {
    /// Nothing is runnable and no timer will ever fire, but the body has not returned: something waits for
    /// ever.
    case deadlock

    /// A job was enqueued from another thread: some work had left the simulation, so the run cannot be
    /// repeated.
    case escape

    /// As many jobs and timers have run as the simulation was given, and the body has not returned.
    case stepLimit(Int)

    /// Two runs of one seed differ from this step on: from the number of a ``ScheduleStep``, with what ran
    /// there.
    case notRepeatable(step: Int, first: String, second: String)
  }

  /// The kind of dead end.
  public let reason: Reason

  /// The seed that replays it.
  public let seed: UInt64

  /// The virtual instant at which it was noticed.
  public let instant: Instant

  /// What is waiting, sorted, as far as it waits through this package (`TokenBucket.acquire`, `sleep (2)`),
  /// and whether something sleeps without end.
  public let waiting: [String]

  init(_ reason: Reason, seed: UInt64, at instant: Instant, waiting: [String]) {
    self.reason = reason
    self.seed = seed
    self.instant = instant
    self.waiting = waiting
  }

  /// What happened, what is waiting, and what to look for.
  public var description: String {
    let known = waiting.isEmpty ? "nothing that waits through this package" : waiting.joined(separator: ", ")
    return
      "\(explanation) at \(instant), seed \(seed) of the \(Self.build) build; waiting: \(known); \(Self.hashing)"
  }

  private var explanation: String {
    switch reason {
    case .deadlock:
      "deadlock: nothing is runnable and no timer will ever fire, but the body has not returned (something waits for "
        + "what nobody will do, or for what is outside: another thread, a socket, a clock that is not held; held here: "
        + "\(Simulation.scope))"
    case .escape:
      "escape: a job came back from another thread (a thread, a queue or a socket of the code's own resumed a task; "
        + "held here: \(Simulation.scope))"
    case .stepLimit(let limit):
      "step limit: \(limit) jobs and timers have run and the body has not returned"
    case .notRepeatable(let step, let first, let second):
      "not repeatable: two runs of the seed differ from step \(step) on, first \(first), then \(second) (something is "
        + "decided outside the seed; usually by the order of a `Set` or a `Dictionary`, which changes with each "
        + "instance and each process: sort it, or set `SWIFT_DETERMINISTIC_HASHING=1`; or by a real clock, chance "
        + "that is not `CallContext.current.random()`, or state that outlives a run)"
    }
  }

  /// The reason without its numbers.
  var reasonName: String {
    switch reason {
    case .deadlock: "deadlock"
    case .escape: "escape"
    case .stepLimit: "stepLimit"
    case .notRepeatable: "notRepeatable"
    }
  }

  /// What else a run may depend on than its seed.
  static let hashing =
    "hash seeds differ between processes: if the order of a `Set` or `Dictionary` matters, "
    + "run with SWIFT_DETERMINISTIC_HASHING=1"

  /// A seed belongs to its build: an optimised one enqueues fewer jobs.
  static var build: String {
    #if DEBUG
      "debug"
    #else
      "release"
    #endif
  }
}
