public import ResilienceCore

/// A clock that moves when a test says so.
///
/// For unit tests of one component; a system of tasks is better off in a ``Simulation``. Bind it with
/// ``ResilienceCore/CallContext/withEnvironment(_:isolation:_:)``, start what waits, wait until it has parked
/// with ``waitForSleepers(_:)``, then ``advance(by:)``.
public final class ManualClock: ResilienceClock, Clock {
  private struct State: ~Copyable {
    var now: Instant
    var timers = TimerQueue()
    var watchers: [Watcher] = []
  }

  private struct Watcher {
    let count: Int
    let waiter: Waiter
  }

  private let state: Lock<State>
  private let start: UnixTime

  /// Creates a clock that stands still.
  ///
  /// - Parameters:
  ///   - now: Where it stands. Default: zero.
  ///   - unixTime: The wall-clock time of instant zero. Default: 2000-01-01T00:00:00Z.
  public init(
    now: Instant = Instant(nanoseconds: 0),
    unixTime: UnixTime = UnixTime(nanoseconds: 946_684_800_000_000_000)
  ) {
    state = Lock(State(now: now))
    start = unixTime
  }

  /// Where the clock stands.
  public var now: Instant { state.withLock { $0.now } }

  /// The wall-clock time where the clock stands.
  public var unixTime: UnixTime { start.advanced(by: .nanoseconds(now.nanoseconds)) }

  /// Timers, and so sleeping tasks, that are pending.
  public var sleeperCount: Int { state.withLock { $0.timers.count } }

  /// Calls `action` when the clock has been advanced to `instant`.
  public func schedule(at instant: Instant, _ action: @escaping @Sendable () -> Void) -> TimerToken {
    let (token, satisfied): (TimerToken, [Waiter]) = state.withLock { state in
      let token = state.timers.arm(at: instant, action)
      let count = state.timers.count
      let satisfied = state.watchers.filter { $0.count <= count }.map(\.waiter)
      state.watchers.removeAll { $0.count <= count }
      return (token, satisfied)
    }
    for waiter in satisfied { waiter.grant() }
    return token
  }

  /// Takes a scheduled action back; `false` when it has run, is running, or was cancelled before.
  @discardableResult
  public func cancel(_ token: TimerToken) -> Bool {
    let action: (@Sendable () -> Void)? = state.withLock { $0.timers.disarm(token) }
    return action != nil
  }

  /// Moves the clock, running what falls due on the way in order, each at its own instant.
  ///
  /// What a due action arms for an instant on the way runs too.
  ///
  /// - Parameter duration: Zero or more; zero runs what is due now.
  public func advance(by duration: Duration) {
    precondition(
      duration >= .zero, "a clock does not run backwards: advance by zero or more, not \(duration)")
    let target = now.advanced(by: duration)
    while let action = takeNext(until: target) { action() }
    state.withLock { $0.now = max($0.now, target) }
  }

  /// Suspends until at least `count` sleepers (timers) are pending: until what is tested has gone to sleep.
  ///
  /// - Throws: `CancellationError` when the task is cancelled.
  public func waitForSleepers(_ count: Int) async throws {
    let waiter = Waiter("ManualClock.waitForSleepers")
    let isSatisfied: Bool = state.withLock { state in
      if state.timers.count < count { state.watchers.append(Watcher(count: count, waiter: waiter)) }
      return state.timers.count >= count
    }
    guard !isSatisfied else { return }
    guard await waiter.wait() == .granted else {
      state.withLock { state in state.watchers.removeAll { $0.waiter === waiter } }
      throw CancellationError()
    }
  }

  private func takeNext(until target: Instant) -> (@Sendable () -> Void)? {
    state.withLock { state in
      guard let next = state.timers.earliest, next <= target else { return nil }
      state.now = max(state.now, next)
      return state.timers.popDue(at: state.now)
    }
  }
}
