internal import ResilienceCore

extension CircuitBreakerStateMachine {
  /// Counts successes that the owner has taken by ``word`` without asking.
  package mutating func count(successes count: Int) {
    guard count > 0 else { return }
    successes &+= count
    guard let history else { return }
    history.pointee.consecutiveFailures = 0
    history.pointee.counted?.append(successes: count, to: &history.pointee.tally)
  }

  /// Takes the result of a call, and with it the token, back. A neutral one counts in neither.
  ///
  /// - Parameters:
  ///   - retryAfter: What the destination asked for along with a failure, in nanoseconds; 0 for nothing.
  ///   - draw: Chance, of a failure.
  package mutating func record(
    _ token: CircuitBreakerToken, _ verdict: Verdict, retryAfter: Int64 = 0, at now: Instant, draw: UInt64
  ) -> [CircuitBreakerEvent.Kind] {
    var changes = advance(to: now)
    let probe = takeBack(token)
    if token.generation != generation || token.isProbe && probe == nil {
      guard verdict != .neutral else { return changes }
      remember().pointee.staleResults &+= 1
      changes.append(.staleResult(generation: token.generation))
      return changes
    }
    guard verdict != .neutral, mode != .disabled else {
      if let probe, probe.isSlow { history?.pointee.probes.slow -= 1 }
      return changes
    }
    let history = remember()
    let result = CallResult(
      failed: verdict == .failure, slow: isSlow(startedAt: probe?.admittedAt, token, at: now))
    if result.failed {
      history.pointee.failures &+= 1
      history.pointee.draw = draw
      let wait = min(retryAfter, rules.maxRetryAfterNanoseconds)
      if wait > 0 {
        history.pointee.notBefore = max(history.pointee.notBefore, now.advanced(byNanoseconds: wait))
      }
    } else {
      successes &+= 1
    }
    if result.slow { history.pointee.slowCalls &+= 1 }
    if let probe {
      conclude(result, wasMarked: probe.isSlow, at: now, origin: now, &changes)
    } else {
      history.pointee.forget(by: now)
      history.pointee.append(result, at: now)
      if result.failed || result.slow { history.pointee.noteAge(at: now) }
      judge(at: now, &changes)
    }
    return changes
  }

  /// Takes a token back whose call never came to a result.
  package mutating func abandon(_ token: CircuitBreakerToken) {
    if let probe = takeBack(token), probe.isSlow { history?.pointee.probes.slow -= 1 }
  }

  /// Ends what the machine knows of a running call; a probe's permit is returned by it.
  private mutating func takeBack(_ token: CircuitBreakerToken) -> BreakerProbes.Probe? {
    guard token.generation == generation, let history else { return nil }
    if token.isProbe { return history.pointee.probes.remove(token.detail) }
    if rules.timesCalls, token.word.mode != .disabled { history.pointee.running.leave(token.detail) }
    return nil
  }

  private func isSlow(startedAt: Instant?, _ token: CircuitBreakerToken, at now: Instant) -> Bool {
    guard rules.timesCalls else { return false }
    let start = startedAt ?? Instant(nanoseconds: token.detail)
    return start.nanoseconds(to: now) >= rules.slowNanoseconds
  }

  /// Opens if the window says so.
  mutating func judge(at now: Instant, _ changes: inout [CircuitBreakerEvent.Kind]) {
    guard let reason = reasonToOpen(tally) else { return }
    open(reason, at: now, origin: now, &changes)
  }

  @inline(__always)
  private func reasonToOpen(_ tally: CallTally) -> CircuitBreakerEvent.OpeningReason? {
    guard mode != .metricsOnly, let history else { return nil }
    let overdue = history.pointee.running.overdue
    if tally.failures | tally.slow | overdue == 0 { return nil }
    if history.pointee.consecutiveFailures >= rules.consecutiveFailures { return .consecutiveFailures }
    if let limit = rules.failureRate, let rate = failureRate(tally), rate >= limit { return .failureRate }
    if let rate = slowCallRate(tally, overdue), rate >= rules.slowRate { return .slowCallRate }
    return nil
  }

  /// Counts a probe's result, and decides as soon as the probes still missing cannot turn the decision.
  mutating func conclude(
    _ result: CallResult, wasMarked: Bool, at now: Instant, origin: Instant,
    _ changes: inout [CircuitBreakerEvent.Kind]
  ) {
    guard let history else { return }
    if result.failed { history.pointee.probes.failures += 1 } else { history.pointee.probes.successes += 1 }
    if !result.slow {
      history.pointee.probes.fast += 1
    } else if !wasMarked {
      history.pointee.probes.slow += 1
    }
    decide(at: now, origin: origin, &changes)
  }

  mutating func decide(at now: Instant, origin: Instant, _ changes: inout [CircuitBreakerEvent.Kind]) {
    guard let probes = history?.pointee.probes else { return }
    if rules.probesFail(probes.failures) || rules.probesAreSlow(probes.slow) {
      open(.probes, at: now, origin: origin, &changes)
    } else if !rules.probesFail(rules.permits - probes.successes),
      !rules.probesAreSlow(rules.permits - probes.fast)
    {
      recover(at: now, &changes)
    }
  }
}

// MARK: - What most calls come to, in fewer steps

extension CircuitBreakerStateMachine {
  /// Lets a timed call in, if all calls pass and time has changed nothing.
  ///
  /// - Returns: The detail of its token; `nil` if ``admit(at:draw:)`` must be asked.
  package mutating func admitQuickly(at now: Instant) -> Int64? {
    guard mode == .closed, let history, !history.pointee.running.mayExpire(by: now) else { return nil }
    return history.pointee.running.enter(at: now)
  }

  /// Takes a success, if it changes nothing but counts.
  ///
  /// - Returns: Whether it did; if not, ``record(_:_:retryAfter:at:draw:)`` must.
  package mutating func recordQuickly(_ token: CircuitBreakerToken, at now: Instant) -> Bool {
    guard mode == .closed, token.generation == generation, let history else { return false }
    if rules.timesCalls {
      if history.pointee.running.mayExpire(by: now) || isSlow(startedAt: nil, token, at: now) { return false }
    }
    history.pointee.timed?.advance(to: now, &history.pointee.tally)
    var next = history.pointee.tally
    next.calls &+= 1
    // What it pushes out of a count window only makes the rates lower.
    history.pointee.consecutiveFailures = 0
    if reasonToOpen(next) != nil { return false }
    if rules.timesCalls { history.pointee.running.leave(token.detail) }
    history.pointee.append(CallResult(failed: false, slow: false), at: now)
    successes &+= 1
    return true
  }
}
