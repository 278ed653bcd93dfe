internal import ResilienceCore

extension CircuitBreakerStateMachine {
  package var state: CircuitBreakerState {
    switch mode {
    case .closed: .closed
    case .metricsOnly: .metricsOnly
    case .disabled: .disabled
    case .recovering: .recovering(until: history.recoveredAt)
    case .open: .open(until: openUntil)
    case .halfOpen: .halfOpen
    case .forcedOpen: .forcedOpen
    }
  }

  /// When the latest opening ends or ended.
  package var openUntil: Instant { history.openUntil }

  /// Why it rejects, and until when; `nil` if it does not.
  var refusalReason: (CircuitOpen.Reason, retryAt: Instant?)? {
    switch mode {
    case .open: (.open, openUntil)
    case .halfOpen: (.probing, openUntil)
    case .recovering: (.recovering, nil)
    case .forcedOpen: (.forced, nil)
    case .closed, .disabled, .metricsOnly: nil
    }
  }

  /// What the owner answers with while it rejects.
  var refusal: BreakerRefusal? { history.refusal }

  /// The error of the present state, which says so many rejections in all.
  func refuse(_ rejections: Int) -> (any Error)? {
    history.refusal?.count.update(rejections)
    return history.refusal?.error
  }

  /// - Returns: What it answered with before, to be released outside the lock: it may hold an error of the
  ///   user's.
  mutating func replaceRefusal(_ refusal: BreakerRefusal?) -> BreakerRefusal? {
    guard hasHistory || refusal != nil else { return nil }
    let before = history.refusal
    history.refusal = refusal
    return before
  }

  /// The share of calls that is admitted; 1 for all.
  package func share(at now: Instant) -> Double {
    switch mode {
    case .closed, .metricsOnly, .disabled: return 1
    case .open, .halfOpen, .forcedOpen: return 0
    case .recovering:
      let left = now.nanoseconds(to: history.recoveredAt)
      return rules.share(after: rules.rampNanoseconds.subtractingSaturating(left))
    }
  }

  package var staleResults: Int { history.staleResults }
  package var openings: Int { history.openings }
  package var reopenings: Int { history.reopenings }
  package var failures: Int { history.failures }
  package var slowCalls: Int { history.slowCalls }
  package var consecutiveFailures: Int { history.consecutiveFailures }
  package var probesRunning: Int { mode == .halfOpen ? history.probes.running.count : 0 }

  /// Drops what the window has forgotten by `now`, for whoever wants to read it.
  package mutating func forget(by now: Instant) {
    guard mode != .open, mode != .halfOpen, hasHistory else { return }
    history.forget(by: now)
  }

  private var tally: CallTally {
    hasHistory ? history.tally : CallTally(calls: min(successes, rules.policy.window.capacity ?? 0))
  }

  package var windowCalls: Int { tally.calls }
  package var windowFailures: Int { tally.failures }
  package var windowSlow: Int { tally.slow }
  /// Calls that run past the threshold of slow calls.
  package var overdueCalls: Int { history.running.overdue }

  package var windowFailureRate: Double? { rules.failureRate(tally) }

  package var slowCallRate: Double? { rules.slowCallRate(tally, overdue: overdueCalls) }

  /// Nanoseconds spent open until `now`, half-open not counted.
  package func openNanoseconds(at now: Instant) -> Int64 {
    guard mode == .open else { return history.openNanoseconds }
    let present = history.openedAt.nanoseconds(to: min(now, history.openUntil))
    return history.openNanoseconds.addingSaturating(max(0, present))
  }
}
