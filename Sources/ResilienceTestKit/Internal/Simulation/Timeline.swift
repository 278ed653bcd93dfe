internal import ResilienceCore

/// Virtual time: it stands still until it is told to jump to the next timer.
final class Timeline: ResilienceClock {
  private struct State: ~Copyable {
    var now = Instant(nanoseconds: 0)
    var timers = TimerQueue()
  }

  private let state = Lock(State())
  private let start: UnixTime
  private let choices: Choices

  init(startingAt start: UnixTime, choices: Choices) {
    self.start = start
    self.choices = choices
  }

  var now: Instant { state.withLock { $0.now } }

  var unixTime: UnixTime { start.advanced(by: .nanoseconds(now.nanoseconds)) }

  func schedule(at instant: Instant, _ action: @escaping @Sendable () -> Void) -> TimerToken {
    let rank = choices.rank()
    return state.withLock { $0.timers.arm(at: instant, rank: rank, action) }
  }

  func cancel(_ token: TimerToken) -> Bool {
    let action: (@Sendable () -> Void)? = state.withLock { $0.timers.disarm(token) }
    return action != nil
  }

  /// Whether a timer is due at this instant.
  var isTimerDue: Bool { state.withLock { state in state.timers.earliest.map { $0 <= state.now } ?? false } }

  /// Moves to the instant of the next timer; `false` when there is none.
  func moveToNextTimer() -> Bool {
    state.withLock { state in
      guard let next = state.timers.earliest else { return false }
      state.now = max(state.now, next)
      return true
    }
  }

  /// Runs one timer that is due.
  func fireNext() {
    let action: (@Sendable () -> Void)? = state.withLock { $0.timers.popDue(at: $0.now) }
    action?()
  }
}
