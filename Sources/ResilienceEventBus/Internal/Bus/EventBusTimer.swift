internal import ResilienceCore

/// The one timer of a bus, set for the earliest thing that is due.
final class EventBusTimer: Sendable {
  struct Source: Sendable {
    let clock: any ResilienceClock
    let action: @Sendable () -> Void
  }

  private struct State {
    var source: Source?
    var due = Deadline.never.instant
    /// Of the timer that is set; `nil` while it is being set.
    var token: TimerToken?
    /// Tells it from those before it.
    var generation = 0

    /// - Returns: The timer that is no longer wanted.
    mutating func replace(due: Instant) -> TimerToken? {
      defer { (self.due, token, generation) = (due, nil, generation + 1) }
      return token
    }
  }

  private let state = Lock(State())

  /// Begins; `nil` ends, and takes the timer back.
  func start(_ source: Source?) {
    let (old, token) = state.withLock { state in
      let (old, token) = (state.source, state.replace(due: Deadline.never.instant))
      state.source = source
      return (old, token)
    }
    if let old, let token { old.clock.cancel(token) }
  }

  /// Has the action called at `due`, unless it is called before.
  func set(for due: Instant) {
    let reserved: (Source, old: TimerToken?, generation: Int)? = state.withLock { state in
      guard let source = state.source, due < state.due else { return nil }
      let old = state.replace(due: due)
      return (source, old, state.generation)
    }
    guard let (source, old, generation) = reserved else { return }
    if let old { source.clock.cancel(old) }
    let token = source.clock.schedule(at: due) { [self] in
      state.withLock { state in
        if state.generation == generation { _ = state.replace(due: Deadline.never.instant) }
      }
      source.action()
    }
    let isWanted = state.withLock { state in
      // It may have run already.
      guard state.generation == generation else { return false }
      state.token = token
      return true
    }
    if !isWanted { source.clock.cancel(token) }
  }
}
