internal import ResilienceCore

/// The rules of a breaker, without a lock, a clock or a callback.
///
/// A token carries the generation of the state it was given in, and its result counts in that state only.
/// Time moves it lazily: with each operation it first becomes what it is at `now`, so that it makes no
/// difference who looked when. What is left to chance, the jitter of the open time, comes out of the latest
/// `draw` that it was given.
// @unchecked: it owns the memory of its history alone, as it cannot be copied.
package struct CircuitBreakerStateMachine: ~Copyable, @unchecked Sendable {
  package typealias Change = CircuitBreakerEvent.Kind

  package enum Decision: Sendable, Hashable {
    case admitted(CircuitBreakerToken)
    case rejected(retryAt: Instant?)
  }

  private(set) var mode = CircuitBreakerWord.Mode.closed
  /// Whether probes are left to a health check.
  var isProbedByCheck = false
  package private(set) var generation: UInt64 = 0
  package internal(set) var rules: CircuitBreakerRules
  package internal(set) var successes = 0
  private var memory: UnsafeMutablePointer<BreakerHistory>?

  package init(_ rules: CircuitBreakerRules) {
    self.rules = rules
  }

  package init(_ policy: CircuitBreakerPolicy) {
    self.init(CircuitBreakerRules(policy))
  }

  deinit {
    memory?.deinitialize(count: 1)
    memory?.deallocate()
  }

  var hasHistory: Bool { memory != nil }

  /// What it knows beyond its successes: made when it is first changed, and blank until then. What most calls
  /// do goes to `memory`, which is looked for once.
  var history: BreakerHistory {
    unsafeAddress { UnsafePointer(memory ?? BreakerHistory.blank) }
    unsafeMutableAddress {
      if let memory { return memory }
      let made = UnsafeMutablePointer<BreakerHistory>.allocate(capacity: 1)
      made.initialize(to: BreakerHistory(rules, successes: successes))
      memory = made
      return made
    }
  }
}

// MARK: - Admission

extension CircuitBreakerStateMachine {
  /// Lets a call in, or not.
  package mutating func admit(at now: Instant, draw: UInt64) -> (decision: Decision, changes: [Change]) {
    if hasHistory || rules.timesCalls { history.draw = draw }
    pass(to: now)
    return (decide(at: now), takeChanges())
  }

  /// Lets a timed call in, if all calls pass and time has changed nothing: what most calls come to, in fewer
  /// steps.
  ///
  /// - Returns: When it begins, for its token; `nil` if ``admit(at:draw:)`` must be asked.
  @inline(__always)
  package mutating func admitTimed(at now: Instant) -> Instant? {
    guard mode == .closed, let memory, !memory.pointee.running.mayExpire(by: now) else { return nil }
    return memory.pointee.running.enter(at: now)
  }

  private mutating func decide(at now: Instant) -> Decision {
    switch mode {
    case .disabled:
      return .admitted(CircuitBreakerToken(word: word))
    case .closed, .metricsOnly:
      return .admitted(enter(at: now))
    case .recovering:
      history.credit += share(at: now)
      guard history.credit >= 1 else { return .rejected(retryAt: nil) }
      history.credit -= 1
      return .admitted(enter(at: now))
    case .halfOpen:
      guard !isProbedByCheck, let token = admitProbe(at: now) else { return .rejected(retryAt: openUntil) }
      return .admitted(token)
    case .open:
      return .rejected(retryAt: openUntil)
    case .forcedOpen:
      return .rejected(retryAt: nil)
    }
  }

  /// A probe's token, if there is one left.
  mutating func admitProbe(at now: Instant) -> CircuitBreakerToken? {
    // With none under way and no decision there were more permits once: it takes one more to decide.
    guard history.probes.taken < rules.permits || history.probes.running.isEmpty else { return nil }
    return CircuitBreakerToken(word: word, probe: history.probes.admit(at: now))
  }

  private mutating func enter(at now: Instant) -> CircuitBreakerToken {
    guard rules.timesCalls else { return CircuitBreakerToken(word: word) }
    return CircuitBreakerToken(word: word, start: history.running.enter(at: now))
  }
}

// MARK: - Results

extension CircuitBreakerStateMachine {
  /// Takes the result of a call, and with it the token, back. A neutral one counts in neither.
  ///
  /// - Parameters:
  ///   - retryAfter: What the destination asked for along with a failure, in nanoseconds; 0 for nothing.
  ///   - draw: Chance, of a failure.
  package mutating func record(
    _ token: CircuitBreakerToken, _ verdict: Verdict, retryAfter: Int64 = 0, at now: Instant, draw: UInt64
  ) -> [Change] {
    pass(to: now)
    let probe = takeBack(token)
    let isStale = token.generation != generation || token.isProbe && probe == nil
    if verdict == .neutral || mode == .disabled && !isStale {
      forget(probe)
    } else if isStale {
      history.staleResults &+= 1
      note(.staleResult(generation: token.generation))
    } else {
      if verdict == .failure { history.noteFailure(rules, retryAfter: retryAfter, at: now, draw: draw) }
      let start = probe?.admittedAt ?? token.start
      count(
        CallResult(failed: verdict == .failure, slow: rules.isSlow(from: start, to: now)), of: probe, at: now)
    }
    return takeChanges()
  }

  /// Takes a success, if it changes nothing but counts: what most calls come to, in fewer steps.
  ///
  /// - Returns: Whether it did; if not, ``record(_:_:retryAfter:at:draw:)`` must.
  @inline(__always)
  package mutating func recordTimedSuccess(_ token: CircuitBreakerToken, at now: Instant) -> Bool {
    guard mode == .closed, token.generation == generation, let memory else { return false }
    guard memory.pointee.countTimedSuccess(from: token.start, at: now, rules) else { return false }
    successes &+= 1
    return true
  }

  /// Takes a token back whose call never came to a result.
  package mutating func abandon(_ token: CircuitBreakerToken) {
    forget(takeBack(token))
  }

  /// Ends what the machine knows of a running call; a probe's permit is returned by it.
  private mutating func takeBack(_ token: CircuitBreakerToken) -> BreakerProbes.Probe? {
    guard token.generation == generation, hasHistory else { return nil }
    if let probe = token.probe { return history.probes.remove(probe) }
    if rules.timesCalls, token.word.mode != .disabled { history.running.leave(token.start) }
    return nil
  }

  private mutating func forget(_ probe: BreakerProbes.Probe?) {
    if let probe, probe.isSlow { history.probes.slow -= 1 }
  }

  private mutating func count(_ result: CallResult, of probe: BreakerProbes.Probe?, at now: Instant) {
    if result.slow { history.slowCalls &+= 1 }
    if let probe { history.probes.count(result, of: probe) } else { history.count(result, at: now) }
    // Only now: a history that is made counts those before.
    if !result.failed { successes &+= 1 }
    if probe != nil { decideByProbes(at: now, origin: now) } else { decideByWindow(at: now) }
  }

  /// Opens if the window says so.
  private mutating func decideByWindow(at now: Instant) {
    guard mode != .metricsOnly, let reason = history.reasonToOpen(rules) else { return }
    open(reason, at: now, origin: now)
  }

  /// Opens or recovers as soon as the probes still missing cannot turn the decision.
  private mutating func decideByProbes(at now: Instant, origin: Instant) {
    switch rules.decision(by: history.probes) {
    case .fail: open(.probes, at: now, origin: origin)
    case .succeed: recover(at: now)
    case nil: break
    }
  }
}

// MARK: - What time alone changes

extension CircuitBreakerStateMachine {
  /// Becomes what time alone makes of it: calls become overdue, leases expire, the open time and the ramp
  /// end.
  package mutating func advance(to now: Instant) -> [Change] {
    pass(to: now)
    return takeChanges()
  }

  mutating func pass(to now: Instant) {
    guard hasHistory, mode != .closed || rules.timesCalls && history.running.mayExpire(by: now) else {
      return
    }
    if mode == .recovering {
      expireCalls(by: min(now, history.recoveredAt))
      if mode == .recovering, history.recoveredAt <= now {
        // The results of the ramp count on: no new generation.
        mode = .closed
        note(.closed)
      }
    }
    expireCalls(by: now)
    expireProbes(by: now)
    if mode == .open, history.openUntil <= now {
      history.openNanoseconds = openNanoseconds(at: history.openUntil)
      history.probes = BreakerProbes()
      begin(.halfOpen)
      note(.halfOpened)
    }
  }

  private mutating func expireCalls(by now: Instant) {
    guard rules.timesCalls else { return }
    while let instant = history.running.nextExpiry(by: now) {
      history.running.expireNext()
      history.forget(by: instant)
      decideByWindow(at: instant)
    }
  }

  private mutating func expireProbes(by now: Instant) {
    while mode == .halfOpen, let due = history.probes.due(by: now, rules) {
      switch due {
      case .slow(let index, let instant):
        history.probes.markSlow(index)
        decideByProbes(at: instant, origin: instant)
      case .expired(let instant):
        let probe = history.probes.removeOldest()
        history.failures &+= 1
        note(.probeExpired)
        // A check that hangs must not keep it half-open.
        isProbedByCheck = false
        history.probes.count(CallResult(failed: true, slow: rules.timesCalls), of: probe)
        // While the probe hung nothing else was let in: the open time has run since its admission.
        decideByProbes(at: instant, origin: probe.admittedAt)
      }
    }
  }
}

// MARK: - Transitions

extension CircuitBreakerStateMachine {
  /// - Parameter origin: From when the open time counts: it ends no earlier than `now` either way.
  private mutating func open(_ reason: CircuitBreakerEvent.OpeningReason, at now: Instant, origin: Instant) {
    history.reopenings = wasQuiet(at: now) ? 0 : history.reopenings + 1
    let opening = BreakerOpening(
      openedAt: now, origin: origin, notBefore: history.notBefore, reopenings: history.reopenings,
      draw: history.draw &+ UInt64(truncatingIfNeeded: history.openings))
    let (until, openTime) = opening.end(by: rules)
    let counts = mode == .halfOpen ? history.probes.tally : history.tallyWithOverdue
    note(
      .opened(reason: reason, failures: counts.failures, slow: counts.slow, calls: counts.calls, until: until)
    )
    history.openedAt = now
    history.openUntil = until
    history.openTime = openTime
    history.opening = opening
    history.openings &+= 1
    begin(.open)
  }

  /// Whether nothing was wrong for as long as it had last been open: it was closed, or nobody asked.
  private func wasQuiet(at now: Instant) -> Bool {
    let (since, until) =
      mode == .halfOpen
      ? (history.openUntil, history.probes.firstAdmittedAt ?? now)
      : (history.recoveredAt, mode == .closed ? now : .distantPast)
    return since.advanced(byNanoseconds: history.openTime) <= until
  }

  /// The probes succeeded.
  private mutating func recover(at now: Instant) {
    let until = now.advanced(byNanoseconds: rules.rampNanoseconds)
    history.recoveredAt = until
    // The first call is admitted.
    history.credit = 1
    begin(until > now ? .recovering : .closed)
    note(until > now ? .recovering(until: until) : .closed)
  }

  /// Begins a generation.
  mutating func begin(_ mode: CircuitBreakerWord.Mode) {
    switch mode {
    case .closed, .recovering, .metricsOnly: history.clear(rules)
    // While open, and while probing, the window stays as it was, for whoever looks why.
    case .open, .forcedOpen: history.clearRunning(rules)
    case .halfOpen: history.notBefore = nil
    case .disabled: break
    }
    self.mode = mode
    beginGeneration()
  }

  mutating func beginGeneration() {
    generation = CircuitBreakerWord.generation(after: generation)
  }

  mutating func note(_ change: Change) { history.changes.append(change) }

  mutating func takeChanges() -> [Change] {
    guard !history.changes.isEmpty else { return [] }
    let changes = history.changes
    history.changes = []
    return changes
  }
}
