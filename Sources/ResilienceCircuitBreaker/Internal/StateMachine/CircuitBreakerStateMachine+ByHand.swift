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
    case nil: begin(.closed)
    }
    note(override.map { .overridden($0) } ?? .closed)
    return takeChanges()
  }

  /// Goes on by other rules; the state, its instants and the window's results stay.
  package mutating func update(_ rules: CircuitBreakerRules) {
    let old = self.rules
    self.rules = rules
    let redefinesSlow = old.policy.slowCalls != rules.policy.slowCalls
    if hasHistory, redefinesSlow || old.policy.window != rules.policy.window { history.changeWindow(rules) }
    guard redefinesSlow else { return }
    if hasHistory { history.clearRunning(rules) }
    if mode != .halfOpen { beginGeneration() }
  }
}
