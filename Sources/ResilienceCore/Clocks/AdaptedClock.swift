/// Somebody else's clock as one of ours: a package's test clock, or any other `Clock` of Swift's whose
/// durations are `Duration`.
///
/// ```swift
/// let environment = CallEnvironment(clock: AdaptedClock(testClock))
/// try await CallContext.withEnvironment(environment) {
///   try await charge(order)   // retries wait on the test clock
/// }
/// ```
///
/// Instants count from when it was made. Each timer is a task that sleeps on the clock, on the executor of
/// the call that arms it: for tests, not for a service's thousands.
public final class AdaptedClock<Base: Clock>: ResilienceClock where Base.Duration == Duration {
  private struct State {
    var nextToken: UInt64 = 0
    var timers: [UInt64: Task<Void, Never>] = [:]
    /// Timers that were armed and have no task yet.
    var arming: Set<UInt64> = []
  }

  /// The clock that it asks.
  public let base: Base

  private let start: Base.Instant
  private let startTime: UnixTime
  private let state = Lock(State())

  /// Adapts a clock; its present instant is zero here.
  ///
  /// - Parameters:
  ///   - base: The clock.
  ///   - startingAt: The wall-clock time of the present instant, for labels. Default:
  ///     2000-01-01T00:00:00Z.
  public init(
    _ base: Base, startingAt: UnixTime = UnixTime(nanoseconds: 946_684_800_000_000_000)
  ) {
    self.base = base
    start = base.now
    startTime = startingAt
  }

  /// How long the clock has gone on since this was made.
  public var now: Instant { Instant(nanoseconds: 0).advanced(by: start.duration(to: base.now)) }

  /// The time of the start, and what has passed since.
  public var unixTime: UnixTime { startTime.advanced(by: start.duration(to: base.now)) }

  /// Starts a task that sleeps until `instant` on the clock, and then calls `action`.
  public func schedule(at instant: Instant, _ action: @escaping @Sendable () -> Void) -> TimerToken {
    let id = state.withLock { state in
      state.nextToken += 1
      state.arming.insert(state.nextToken)
      return state.nextToken
    }
    let due = start.advanced(by: Instant(nanoseconds: 0).duration(to: instant))
    let task = Task(executorPreference: CallContext.environment?.executor) { [base, self] in
      try? await base.sleep(until: due, tolerance: nil)
      if self.take(id) { action() }
    }
    state.withLock { state in
      if state.arming.remove(id) != nil { state.timers[id] = task }
    }
    return TimerToken(id: id)
  }

  /// Ends the timer's task.
  @discardableResult
  public func cancel(_ token: TimerToken) -> Bool {
    let task: Task<Void, Never>? = state.withLock { $0.timers.removeValue(forKey: token.id) }
    task?.cancel()
    return task != nil
  }

  /// Whether it is still to run.
  private func take(_ id: UInt64) -> Bool {
    state.withLock { state in
      state.timers.removeValue(forKey: id) != nil || state.arming.remove(id) != nil
    }
  }
}
