public import ResilienceCore

/// Why a simulation could not go on.
public struct SimulationError: Error, Hashable, CustomStringConvertible {
  /// The kinds of dead end.
  public enum Reason: Sendable, Hashable {
    /// Nothing is runnable and no timer is pending, but the body has not returned: something waits for ever.
    case deadlock

    /// A job was enqueued from another thread: some work had left the simulation, so the run cannot be repeated.
    case escape
  }

  /// The kind of dead end.
  public let reason: Reason

  /// The seed that replays it.
  public let seed: UInt64

  /// The virtual instant at which it was noticed.
  public let instant: Instant

  init(_ reason: Reason, seed: UInt64, at instant: Instant) {
    self.reason = reason
    self.seed = seed
    self.instant = instant
  }

  /// What happened, and what to look for.
  public var description: String {
    switch reason {
    case .deadlock:
      "deadlock at \(instant), seed \(seed): nothing is runnable and no timer is pending, but the body has not returned; "
        + "something waits for what nobody will do, or a plain `Task {}` left the simulation"
    case .escape:
      "escape at \(instant), seed \(seed): a job came back from another thread; "
        + "start tasks as children, or with `executorPreference: CallContext.current.executor`"
    }
  }
}
