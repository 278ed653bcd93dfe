internal import ResilienceCore

/// The rules of a breaker, without a lock, a clock or a callback.
///
/// A token carries the generation of the state it was given in, and its result counts in that state only.
/// Time moves it lazily: with each operation it first becomes what it is at `now`, so that it makes no
/// difference who looked when. What is left to chance, the jitter of the open time, comes out of the latest
/// `draw` that it was given.
// @unchecked: it owns the memory of its history alone, as it cannot be copied.
package struct CircuitBreakerStateMachine: ~Copyable, @unchecked Sendable {
  package enum Decision: Sendable, Hashable {
    case admitted(CircuitBreakerToken)
    case rejected(retryAt: Instant?)
  }

  private(set) var mode = CircuitBreakerWord.Mode.closed
  package private(set) var generation: UInt64 = 0
  package internal(set) var rules: CircuitBreakerRules
  package internal(set) var successes = 0
  var history: UnsafeMutablePointer<BreakerHistory>?

  package init(_ rules: CircuitBreakerRules) {
    self.rules = rules
  }

  package init(_ policy: CircuitBreakerPolicy) {
    self.init(CircuitBreakerRules(policy))
  }

  deinit {
    history?.deinitialize(count: 1)
    history?.deallocate()
  }

  /// The history, made when it is first needed.
  mutating func remember() -> UnsafeMutablePointer<BreakerHistory> {
    if let history { return history }
    let made = UnsafeMutablePointer<BreakerHistory>.allocate(capacity: 1)
    made.initialize(to: BreakerHistory(rules, successes: successes))
    history = made
    return made
  }

  mutating func become(_ mode: CircuitBreakerWord.Mode, generation: UInt64) {
    self.mode = mode
    // As many bits as the word has.
    self.generation = generation & (1 << 27 - 1)
  }

  /// What the owner needs to let calls in, and to take successes, without asking.
  package var word: CircuitBreakerWord {
    let asksAdmission =
      switch mode {
      case .closed, .metricsOnly: rules.timesCalls
      case .disabled: false
      case .recovering, .open, .halfOpen, .forcedOpen: true
      }
    return CircuitBreakerWord(
      generation: generation, mode, asksAdmission: asksAdmission,
      asksResults: rules.needsTimeOfResults || !isSettled)
  }

  /// Whether no number of successes can change anything: none can make a rate defined that has a failure in
  /// it.
  private var isSettled: Bool {
    guard let tally = history?.pointee.tally else { return true }
    return tally.failures == 0 || tally.calls >= rules.minimumThroughput
  }
}

// MARK: - Admission

extension CircuitBreakerStateMachine {
  /// Lets a call in, or not.
  package mutating func admit(
    at now: Instant, draw: UInt64
  ) -> (decision: Decision, changes: [CircuitBreakerEvent.Kind]) {
    history?.pointee.draw = draw
    let changes = advance(to: now)
    return (answer(at: now, draw: draw), changes)
  }

  private mutating func answer(at now: Instant, draw: UInt64) -> Decision {
    switch mode {
    case .disabled:
      return .admitted(CircuitBreakerToken(word: word))
    case .closed, .metricsOnly:
      return .admitted(passing(at: now, draw: draw))
    case .recovering:
      let history = remember()
      history.pointee.credit += share(at: now)
      guard history.pointee.credit >= 1 else { return .rejected(retryAt: nil) }
      history.pointee.credit -= 1
      return .admitted(passing(at: now, draw: draw))
    case .halfOpen:
      let history = remember()
      // With none under way and no decision there were more permits once: it takes one more to decide.
      guard history.pointee.probes.taken < rules.permits || history.pointee.probes.running.isEmpty else {
        return .rejected(retryAt: history.pointee.openUntil)
      }
      return .admitted(CircuitBreakerToken(word: word, detail: history.pointee.probes.admit(at: now)))
    case .open:
      return .rejected(retryAt: openUntil)
    case .forcedOpen:
      return .rejected(retryAt: nil)
    }
  }

  private mutating func passing(at now: Instant, draw: UInt64) -> CircuitBreakerToken {
    guard rules.timesCalls else { return CircuitBreakerToken(word: word) }
    let history = remember()
    history.pointee.draw = draw
    return CircuitBreakerToken(word: word, detail: history.pointee.running.enter(at: now))
  }

  /// The share of calls that is admitted; 1 for all.
  package func share(at now: Instant) -> Double {
    switch mode {
    case .closed, .metricsOnly, .disabled: return 1
    case .open, .halfOpen, .forcedOpen: return 0
    case .recovering:
      let left = history.map { now.nanoseconds(to: $0.pointee.recoveredAt) } ?? 0
      return rules.share(after: rules.rampNanoseconds.subtractingSaturating(left))
    }
  }
}

// MARK: - Reading

extension CircuitBreakerStateMachine {
  package var state: CircuitBreakerState {
    switch mode {
    case .closed: .closed
    case .metricsOnly: .metricsOnly
    case .disabled: .disabled
    case .recovering: .recovering(until: history?.pointee.recoveredAt ?? Instant(nanoseconds: .min))
    case .open: .open(until: openUntil)
    case .halfOpen: .halfOpen
    case .forcedOpen: .forcedOpen
    }
  }

  /// When the latest opening ends or ended.
  package var openUntil: Instant { history?.pointee.openUntil ?? Instant(nanoseconds: .min) }

  package var refusal: (any Error)? {
    get { history?.pointee.refusal }
    set { remember().pointee.refusal = newValue }
  }

  package var staleResults: Int { history?.pointee.staleResults ?? 0 }
  package var openings: Int { history?.pointee.openings ?? 0 }
  package var reopenings: Int { history?.pointee.reopenings ?? 0 }
  package var failures: Int { history?.pointee.failures ?? 0 }
  package var probesRunning: Int { mode == .halfOpen ? history?.pointee.probes.running.count ?? 0 : 0 }

  var tally: CallTally {
    history?.pointee.tally ?? CallTally(calls: min(successes, rules.policy.window.capacity ?? 0))
  }

  package var windowCalls: Int { tally.calls }
  package var windowFailures: Int { tally.failures }
  package var windowSlow: Int { tally.slow }
  /// Calls that run past the threshold of slow calls.
  package var overdueCalls: Int { history?.pointee.running.overdue ?? 0 }

  package var windowFailureRate: Double? { failureRate(tally) }

  package var slowCallRate: Double? { slowCallRate(tally, overdueCalls) }

  func failureRate(_ tally: CallTally) -> Double? {
    tally.calls >= rules.minimumThroughput ? Double(tally.failures) / Double(tally.calls) : nil
  }

  func slowCallRate(_ tally: CallTally, _ overdue: Int) -> Double? {
    let calls = tally.calls + overdue
    guard rules.timesCalls, calls >= rules.minimumThroughput else { return nil }
    return Double(tally.slow + overdue) / Double(calls)
  }

  /// Nanoseconds spent open until `now`, half-open not counted.
  package func openNanoseconds(at now: Instant) -> Int64 {
    guard let history else { return 0 }
    let past = history.pointee.openNanoseconds
    guard mode == .open else { return past }
    let present = history.pointee.openedAt.nanoseconds(to: min(now, history.pointee.openUntil))
    return past.addingSaturating(max(0, present))
  }

  package func counters(at now: Instant) -> CircuitBreakerCounters {
    CircuitBreakerCounters(
      successes: successes, failures: failures,
      slowCalls: history?.pointee.slowCalls ?? 0, openings: openings, staleResults: staleResults,
      reopenings: reopenings,
      consecutiveFailures: history?.pointee.consecutiveFailures ?? 0,
      openNanoseconds: openNanoseconds(at: now))
  }
}
