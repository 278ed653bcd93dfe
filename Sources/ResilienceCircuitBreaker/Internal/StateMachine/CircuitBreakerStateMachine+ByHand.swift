internal import ResilienceCore

extension CircuitBreakerStateMachine {
  /// Does what somebody says instead of what the results say; `nil` begins anew, closed.
  package mutating func set(_ override: CircuitBreakerOverride?, at now: Instant) -> [Change] {
    pass(to: now)
    if mode == .open { history.openNanoseconds = openNanoseconds(at: now) }
    history.openUntil = min(history.openUntil, now)
    history.reopenings = 0
    history.recoveredAt = .distantPast
    history.probes = BreakerProbes()
    history.clear(rules)
    switch override {
    case .forcedOpen: begin(.forcedOpen)
    case .disabled: begin(.disabled)
    case .metricsOnly: begin(.metricsOnly)
    case .open(let time): open(for: time, at: now)
    case .halfOpen:
      history.openTime = 0
      begin(.halfOpen)
    case nil: begin(.closed)
    }
    note(override.map { .overridden($0) } ?? .closed)
    return takeChanges()
  }

  private mutating func open(for time: Duration, at now: Instant) {
    history.openedAt = now
    history.openUntil = now.advanced(by: max(.zero, time))
    // Of what is said by hand nothing grows.
    history.openTime = 0
    history.opening = nil
    begin(.open)
  }

  /// Goes on by other rules; the state and the window's results stay, and while open the end is what it would
  /// be, had it opened by these rules.
  package mutating func update(_ rules: CircuitBreakerRules) {
    let old = self.rules
    self.rules = rules
    let redefinesSlow = old.policy.slowCalls != rules.policy.slowCalls
    if hasHistory, redefinesSlow || old.policy.window != rules.policy.window { history.changeWindow(rules) }
    if mode == .open, let end = history.opening?.end(by: rules), end.until != openUntil {
      history.openUntil = end.until
      history.openTime = end.openTime
      beginGeneration()
    }
    guard redefinesSlow else { return }
    if hasHistory { history.clearRunning(rules) }
    if mode != .halfOpen { beginGeneration() }
  }
}

extension CircuitBreakerStateMachine {
  /// Lets a health check in as a probe, and no call from now on; `nil` if there is nothing to probe.
  package mutating func admitCheck(at now: Instant) -> (token: CircuitBreakerToken?, changes: [Change]) {
    pass(to: now)
    isProbedByCheck = true
    return (mode == .halfOpen ? admitProbe(at: now) : nil, takeChanges())
  }
}
