internal import ResilienceCore

/// The one timer of a bus, set for the earliest thing that is due.
final class EventBusTimer: Sendable {
  struct Source: Sendable {
    let clock: any ResilienceClock
    let action: @Sendable () -> Void
  }

  private struct State {
    var source: Source?
    var token: TimerToken?
    var due = Deadline.never.instant
  }

  private let state = Lock(State())

  /// Begins; `nil` ends, and takes the timer back.
  func start(_ source: Source?) {
    let old: (any ResilienceClock, TimerToken)? = state.withLock { state in
      defer { state = State(source: source) }
      guard let old = state.source, let token = state.token else { return nil }
      return (old.clock, token)
    }
    if let (clock, token) = old { clock.cancel(token) }
  }

  /// Has the action called at `due`, unless it is called before.
  func set(for due: Instant) {
    guard let source = state.withLock({ $0.source }) else { return }
    let token = source.clock.schedule(at: due) { [self] in
      state.withLock { if $0.due == due { ($0.due, $0.token) = (Deadline.never.instant, nil) } }
      source.action()
    }
    // Whoever sets it for earlier at the same time wins.
    let superfluous: TimerToken? = state.withLock { state in
      guard state.source != nil, due < state.due else { return token }
      defer { (state.due, state.token) = (due, token) }
      return state.token
    }
    if let superfluous { source.clock.cancel(superfluous) }
  }
}
