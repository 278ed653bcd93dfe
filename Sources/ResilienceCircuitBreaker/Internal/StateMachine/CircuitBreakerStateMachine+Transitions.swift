internal import ResilienceCore

extension CircuitBreakerStateMachine {
  /// Becomes what time alone makes of it: calls become overdue, leases expire, the open time and the ramp
  /// end.
  package mutating func advance(to now: Instant) -> [CircuitBreakerEvent.Kind] {
    guard let history, mode != .closed || rules.timesCalls && history.pointee.running.mayExpire(by: now)
    else {
      return []
    }
    var changes: [CircuitBreakerEvent.Kind] = []
    if mode == .recovering {
      expireCalls(by: min(now, history.pointee.recoveredAt), &changes)
      if mode == .recovering, history.pointee.recoveredAt <= now {
        // The results of the ramp count on: no new generation.
        become(.closed, generation: generation)
        changes.append(.closed)
      }
    }
    expireCalls(by: now, &changes)
    expireProbes(by: now, &changes)
    if mode == .open, history.pointee.openUntil <= now {
      history.pointee.openNanoseconds = openNanoseconds(at: history.pointee.openUntil)
      history.pointee.probes = BreakerProbes()
      begin(.halfOpen)
      changes.append(.halfOpened)
    }
    return changes
  }

  /// Drops what the window has forgotten by `now`, for whoever wants to read it.
  package mutating func forget(by now: Instant) {
    guard mode != .open, mode != .halfOpen, let history else { return }
    history.pointee.forget(by: now)
  }

  private mutating func expireCalls(by now: Instant, _ changes: inout [CircuitBreakerEvent.Kind]) {
    guard rules.timesCalls, let history else { return }
    while let instant = history.pointee.running.nextExpiry(by: now) {
      history.pointee.running.expireNext()
      history.pointee.forget(by: instant)
      judge(at: instant, &changes)
    }
  }

  private mutating func expireProbes(by now: Instant, _ changes: inout [CircuitBreakerEvent.Kind]) {
    guard let history else { return }
    while mode == .halfOpen, let due = history.pointee.probes.due(by: now, rules) {
      switch due {
      case .slow(let index, let instant):
        history.pointee.probes.markSlow(index)
        decide(at: instant, origin: instant, &changes)
      case .expired(let instant):
        let probe = history.pointee.probes.removeOldest()
        history.pointee.failures &+= 1
        changes.append(.probeExpired)
        // While the probe hung nothing else was let in: the open time has run since its admission.
        conclude(
          CallResult(failed: true, slow: rules.timesCalls), wasMarked: probe.isSlow, at: instant,
          origin: probe.admittedAt, &changes)
      }
    }
  }

  /// - Parameter origin: From when the open time counts: it ends no earlier than `now` either way.
  mutating func open(
    _ reason: CircuitBreakerEvent.OpeningReason, at now: Instant, origin: Instant,
    _ changes: inout [CircuitBreakerEvent.Kind]
  ) {
    let history = remember()
    let stableAt = history.pointee.recoveredAt.advanced(byNanoseconds: history.pointee.openTime)
    let isStable = mode == .closed && stableAt <= now
    if history.pointee.openings == 0 || isStable {
      history.pointee.reopenings = 0
    } else {
      history.pointee.reopenings += 1
    }
    let time = rules.openNanoseconds(
      reopenings: history.pointee.reopenings,
      draw: history.pointee.draw &+ UInt64(truncatingIfNeeded: history.pointee.openings))
    let until = max(
      now, origin.advanced(byNanoseconds: time.whole - time.jitter),
      history.pointee.notBefore == Instant(nanoseconds: .min)
        ? now : history.pointee.notBefore.advanced(byNanoseconds: time.jitter))
    changes.append(opened(reason, until: until))
    history.pointee.openedAt = now
    history.pointee.openUntil = until
    history.pointee.openTime = time.whole
    history.pointee.openings &+= 1
    begin(.open)
  }

  private func opened(
    _ reason: CircuitBreakerEvent.OpeningReason, until: Instant
  ) -> CircuitBreakerEvent.Kind {
    if mode == .halfOpen, let probes = history?.pointee.probes {
      return .opened(
        reason: reason, failures: probes.failures, slow: probes.slow,
        calls: probes.failures + probes.successes, until: until)
    }
    return .opened(
      reason: reason, failures: tally.failures, slow: tally.slow + overdueCalls,
      calls: tally.calls + overdueCalls, until: until)
  }

  /// The probes succeeded.
  mutating func recover(at now: Instant, _ changes: inout [CircuitBreakerEvent.Kind]) {
    let history = remember()
    let until = now.advanced(byNanoseconds: rules.rampNanoseconds)
    history.pointee.recoveredAt = until
    // The first call is admitted.
    history.pointee.credit = 1
    if until > now {
      begin(.recovering)
      changes.append(.recovering(until: until))
    } else {
      begin(.closed)
      changes.append(.closed)
    }
  }

  /// Begins a generation.
  private mutating func begin(_ mode: CircuitBreakerWord.Mode) {
    // While open, and while probing, the window stays as it was, for whoever looks why.
    if mode == .closed || mode == .recovering || mode == .metricsOnly { remember().pointee.clear(rules) }
    if mode == .open || mode == .forcedOpen { remember().pointee.clearRunning(rules) }
    if mode == .halfOpen { remember().pointee.notBefore = Instant(nanoseconds: .min) }
    become(mode, generation: generation &+ 1)
  }
}

// MARK: - By hand

extension CircuitBreakerStateMachine {
  /// Does what somebody says instead of what the results say; `nil` begins anew, closed.
  package mutating func set(
    _ override: CircuitBreakerOverride?, at now: Instant
  ) -> [CircuitBreakerEvent.Kind] {
    var changes = advance(to: now)
    let history = remember()
    if mode == .open { history.pointee.openNanoseconds = openNanoseconds(at: now) }
    history.pointee.openUntil = min(history.pointee.openUntil, now)
    history.pointee.reopenings = 0
    history.pointee.recoveredAt = Instant(nanoseconds: .min)
    history.pointee.probes = BreakerProbes()
    history.pointee.clear(rules)
    switch override {
    case .forcedOpen: begin(.forcedOpen)
    case .disabled: begin(.disabled)
    case .metricsOnly: begin(.metricsOnly)
    case nil: begin(.closed)
    }
    changes.append(override.map { .overridden($0) } ?? .closed)
    return changes
  }

  /// Goes on by other rules; the state, its instants and the window's results stay.
  package mutating func update(_ rules: CircuitBreakerRules) {
    let old = self.rules
    self.rules = rules
    let redefinesSlow = old.policy.slowCalls != rules.policy.slowCalls
    if redefinesSlow || old.policy.window != rules.policy.window { history?.pointee.changeWindow(rules) }
    guard redefinesSlow else { return }
    history?.pointee.clearRunning(rules)
    if mode != .halfOpen { become(mode, generation: generation &+ 1) }
  }
}
