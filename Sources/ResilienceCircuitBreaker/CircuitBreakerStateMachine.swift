package import ResilienceCore

/// Closed, open, half-open: the rules of a breaker, without a lock, a clock or a callback.
///
/// A token carries the generation of the state it was given in, and its result counts in that state only. Time moves it
/// lazily: with each operation it first becomes what it is at `now`.
package struct CircuitBreakerStateMachine: ~Copyable, Sendable {
  package enum Decision: Sendable, Hashable {
    case admitted(CircuitBreakerToken)
    case rejected(retryAt: Instant)
  }

  package struct Totals: Sendable, Hashable {
    package var successes = 0
    package var failures = 0
    package var openings = 0
    package var staleResults = 0
    var openNanoseconds: Int64 = 0
  }

  private enum Phase: Sendable {
    case closed
    case open
    case halfOpen(Probing)
  }

  private struct Probing: Sendable {
    var issued: UInt64 = 0
    var running: [(id: UInt64, admittedAt: Instant)] = []
    var successes = 0
    var failures = 0
  }

  private let policy: CircuitBreakerPolicy
  private let openNanoseconds: Int64
  private let leaseNanoseconds: Int64
  private var phase = Phase.closed
  private var window: ResultWindow
  private var openedAt = Instant(nanoseconds: .min)
  package private(set) var generation: UInt64 = 0
  /// When the latest opening ends or ended.
  package private(set) var openUntil = Instant(nanoseconds: .min)
  package private(set) var totals = Totals()

  package init(_ policy: CircuitBreakerPolicy) {
    self.policy = policy
    openNanoseconds = policy.openTime.clampedNanoseconds
    leaseNanoseconds = policy.probeLease.clampedNanoseconds
    window = ResultWindow(capacity: policy.windowSize)
  }

  package var state: CircuitBreakerState {
    switch phase {
    case .closed: .closed
    case .open: .open(until: openUntil)
    case .halfOpen: .halfOpen
    }
  }

  package var windowCalls: Int { window.count }
  package var windowFailures: Int { window.failures }
  package var windowFailureRate: Double? {
    window.count >= policy.minimumThroughput ? window.failureRate : nil
  }
  package var probesRunning: Int {
    if case .halfOpen(let probing) = phase { probing.running.count } else { 0 }
  }

  /// Nanoseconds spent open until `now`, half-open not counted.
  package func openNanoseconds(at now: Instant) -> Int64 {
    guard case .open = phase else { return totals.openNanoseconds }
    return totals.openNanoseconds.addingSaturating(max(0, openedAt.nanoseconds(to: min(now, openUntil))))
  }
}

// MARK: - Operations

extension CircuitBreakerStateMachine {
  /// Lets a call in, or not.
  package mutating func admit(
    at now: Instant
  ) -> (decision: Decision, changes: [CircuitBreakerEvent.Kind]) {
    let changes = advance(to: now)
    switch phase {
    case .closed:
      return (.admitted(CircuitBreakerToken(generation: generation, probe: 0)), changes)
    case .halfOpen(var probing)
    where probing.successes + probing.failures + probing.running.count < policy.halfOpenPermits:
      probing.issued += 1
      probing.running.append((probing.issued, now))
      phase = .halfOpen(probing)
      return (.admitted(CircuitBreakerToken(generation: generation, probe: probing.issued)), changes)
    case .open, .halfOpen:
      return (.rejected(retryAt: openUntil), changes)
    }
  }

  /// Counts a success of a call admitted while closed, if that cannot change the state.
  ///
  /// - Returns: `false` when nothing was done, and ``record(_:_:at:)`` must.
  package mutating func recordHarmlessSuccess(generation: UInt64) -> Bool {
    guard generation == self.generation, window.count &+ 1 != policy.minimumThroughput else { return false }
    window.append(failure: false)
    totals.successes &+= 1
    return true
  }

  /// Takes the result of a call, and with it the token, back. A neutral one counts in neither.
  package mutating func record(
    _ token: CircuitBreakerToken, _ verdict: Verdict, at now: Instant
  ) -> [CircuitBreakerEvent.Kind] {
    var changes = advance(to: now)
    guard accept(token) else {
      guard verdict != .neutral else { return changes }
      totals.staleResults &+= 1
      return changes + [.staleResult(generation: token.generation)]
    }
    switch verdict {
    case .neutral: return changes
    case .success: totals.successes &+= 1
    case .failure: totals.failures &+= 1
    }
    if token.probe == 0 {
      window.append(failure: verdict == .failure)
      if let rate = windowFailureRate, rate >= policy.failureRate {
        changes.append(open(at: now, until: now.advanced(byNanoseconds: openNanoseconds)))
      }
    } else {
      changes += conclude(
        failure: verdict == .failure, at: now, openUntil: now.advanced(byNanoseconds: openNanoseconds))
    }
    return changes
  }

  /// Takes a token back whose call never came to a result.
  package mutating func abandon(_ token: CircuitBreakerToken) {
    _ = accept(token)
  }

  /// Becomes what time alone makes of it: leases expire, the open time ends.
  package mutating func advance(to now: Instant) -> [CircuitBreakerEvent.Kind] {
    var changes: [CircuitBreakerEvent.Kind] = []
    // Probes are in the order of their admission, and so of their expiry.
    while case .halfOpen(var probing) = phase, let oldest = probing.running.first {
      let expiry = oldest.admittedAt.advanced(byNanoseconds: leaseNanoseconds)
      guard expiry <= now else { break }
      probing.running.removeFirst()
      phase = .halfOpen(probing)
      totals.failures &+= 1
      changes.append(.probeExpired)
      // While the probe hung nothing else was let in: the open time has run since its admission.
      let openUntil = oldest.admittedAt.advanced(byNanoseconds: max(openNanoseconds, leaseNanoseconds))
      changes += conclude(failure: true, at: expiry, openUntil: openUntil)
    }
    if case .open = phase, openUntil <= now {
      totals.openNanoseconds = openNanoseconds(at: openUntil)
      enter(.halfOpen(Probing()))
      changes.append(.halfOpened)
    }
    return changes
  }
}

// MARK: - Transitions

extension CircuitBreakerStateMachine {
  /// Whether the token belongs to the present state; a probe's permit is returned by it.
  private mutating func accept(_ token: CircuitBreakerToken) -> Bool {
    guard token.generation == generation else { return false }
    guard case .halfOpen(var probing) = phase else { return true }
    guard let index = probing.running.firstIndex(where: { $0.id == token.probe }) else { return false }
    probing.running.remove(at: index)
    phase = .halfOpen(probing)
    return true
  }

  /// Counts a probe's result, and decides as soon as the probes still missing cannot turn the decision.
  private mutating func conclude(
    failure: Bool, at now: Instant, openUntil: Instant
  ) -> [CircuitBreakerEvent.Kind] {
    guard case .halfOpen(var probing) = phase else { return [] }
    if failure { probing.failures += 1 } else { probing.successes += 1 }
    phase = .halfOpen(probing)
    let permits = Double(policy.halfOpenPermits)
    if Double(probing.failures) / permits >= policy.failureRate {
      return [open(at: now, until: openUntil)]
    }
    if (permits - Double(probing.successes)) / permits < policy.failureRate {
      window.removeAll()
      enter(.closed)
      return [.closed]
    }
    return []
  }

  private mutating func open(at now: Instant, until: Instant) -> CircuitBreakerEvent.Kind {
    let (failures, calls) =
      if case .halfOpen(let probing) = phase {
        (probing.failures, probing.failures + probing.successes)
      } else {
        (window.failures, window.count)
      }
    (openedAt, openUntil) = (now, until)
    totals.openings &+= 1
    enter(.open)
    return .opened(failures: failures, calls: calls, until: until)
  }

  private mutating func enter(_ phase: Phase) {
    generation &+= 1
    self.phase = phase
  }
}
