internal import ResilienceCore

extension CircuitBreakerStateMachine {
  /// What it is at `now`, to which it must have been advanced.
  package func savedState(at now: Instant, unixTime: UnixTime) -> CircuitBreakerSavedState {
    let (mode, end): (CircuitBreakerSavedState.Mode, Instant) =
      switch mode {
      case .closed: (.closed, now)
      case .metricsOnly: (.metricsOnly, now)
      case .disabled: (.disabled, now)
      case .recovering: (.recovering, history.recoveredAt)
      case .open: (.open, openUntil)
      case .halfOpen: (.halfOpen, now)
      case .forcedOpen: (.forcedOpen, now)
      }
    return CircuitBreakerSavedState(
      mode: mode, remaining: .nanoseconds(max(0, now.nanoseconds(to: end))),
      openTime: .nanoseconds(history.openTime),
      // No more than can be read.
      reopenings: min(history.reopenings, Int(Int32.max)), savedAt: unixTime)
  }

  /// Becomes what was saved, and is left of it.
  package mutating func restore(
    _ saved: CircuitBreakerSavedState, at now: Instant, unixTime: UnixTime
  ) -> [Change] {
    pass(to: now)
    if mode == .open { history.openNanoseconds = openNanoseconds(at: now) }
    let end = now.advanced(byNanoseconds: saved.remainingNanoseconds(at: unixTime))
    history.openedAt = min(now, end)
    history.openUntil = min(now, end)
    history.recoveredAt = .distantPast
    history.opening = nil
    history.openTime = saved.openTime.clampedNanoseconds
    history.reopenings = saved.reopenings
    history.probes = BreakerProbes()
    history.clear(rules)
    switch saved.mode {
    case .closed: begin(.closed)
    case .metricsOnly: begin(.metricsOnly)
    case .disabled: begin(.disabled)
    case .forcedOpen: begin(.forcedOpen)
    case .halfOpen: begin(.halfOpen)
    case .open:
      history.openUntil = end
      begin(.open)
    case .recovering:
      history.recoveredAt = min(end, now.advanced(byNanoseconds: rules.rampNanoseconds))
      history.credit = 1
      begin(.recovering)
    }
    note(.restored(state))
    pass(to: now)
    return takeChanges()
  }
}
