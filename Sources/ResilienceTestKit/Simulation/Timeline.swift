internal import ResilienceCore

/// Virtual time: it stands still until it is told to jump to the next timer.
final class Timeline: ResilienceClock {
  private struct State: ~Copyable {
    var now = Instant(nanoseconds: 0)
    var timers = TimerQueue()
  }

  private let state = Lock(State())
  private let start: UnixTime
  private let ranks: SeededRandomSource

  init(startingAt start: UnixTime, ranks: SeededRandomSource) {
    self.start = start
    self.ranks = ranks
  }

  var now: Instant { state.withLock { $0.now } }

  var unixTime: UnixTime { start.advanced(by: .nanoseconds(now.nanoseconds)) }

  func schedule(at instant: Instant, _ action: @escaping @Sendable () -> Void) -> TimerToken {
    let rank = ranks.next()
    return state.withLock { $0.timers.arm(at: instant, rank: rank, action) }
  }

  func cancel(_ token: TimerToken) -> Bool {
    state.withLock { $0.timers.disarm(token) }
  }

  /// Jumps to the next timer and runs it; `false` when there is none.
  func fireNext() -> Bool {
    let action: (@Sendable () -> Void)? = state.withLock { state in
      guard let next = state.timers.earliest else { return nil }
      state.now = max(state.now, next)
      return state.timers.popDue(at: state.now)
    }
    action?()
    return action != nil
  }
}
