import ResilienceCircuitBreaker
import ResilienceCore

/// What a breaker is to do, written down as plainly as possible: lists instead of rings, one event of time
/// after the other.
///
/// Shares nothing with the state machine but the policy. Jitter must be off.
struct BreakerModel {
  enum State: Equatable {
    case closed, recovering, open, halfOpen, forcedOpen, disabled, metricsOnly
  }

  struct Call {
    var era: Int
    var start: Int64
    var isProbe: Bool
    /// It has run past the threshold, or its lease has ended.
    var isMarked = false
    var isExpired = false
  }

  struct Result {
    var at: Int64
    var failed: Bool
    var slow: Bool
  }

  let policy: CircuitBreakerPolicy
  let threshold: Int64?
  let lease: Int64
  let ramp: Int64
  /// In what pieces a time window forgets, or a count window forgives; none when it does not.
  let slice: Int64
  let slices: Int64
  var state = State.closed
  var era = 0
  var now: Int64 = 0
  var calls: [Call] = []
  var results: [Result] = []
  /// When the failures since the latest success came.
  var inARow: [Int64] = []
  var probes: [Result] = []
  /// When the first probe of this half-open time was let in.
  var firstProbeAt: Int64?
  var openUntil = Int64.min
  var openTime: Int64 = 0
  var recoveredAt = Int64.min
  var notBefore = Int64.min
  var openings = 0
  var reopenings = 0
  var successes = 0
  var failures = 0
  var stale = 0
  var credit = 0.0

  init(_ policy: CircuitBreakerPolicy) {
    self.policy = policy
    threshold = policy.slowCalls.map { ns($0.threshold) }
    lease = ns(policy.probeLease)
    ramp = ns(policy.rampTime)
    switch policy.window {
    case .time(let time, let slices):
      self.slices = Int64(slices)
      slice = max(1, ns(time) / Int64(slices))
    case .count(_, let maxAge?): (slice, slices) = (max(1, ns(maxAge) / 8), 8)
    case .count(_, nil): (slice, slices) = (1, 0)
    }
  }

  var isPassing: Bool { state == .closed || state == .recovering || state == .metricsOnly }
  var overdue: Int { isPassing ? marked : 0 }
  var probesRunning: Int { state == .halfOpen ? calls.count { $0.era == era && !$0.isExpired } : 0 }
  var marked: Int { calls.count { $0.isMarked && $0.era == era && !$0.isExpired } }
}

// MARK: - Time

extension BreakerModel {
  private func crossing(of call: Call) -> Int64? {
    guard let threshold, !call.isMarked, call.era == era, !call.isExpired, state != .disabled else {
      return nil
    }
    if call.isProbe {
      let at = call.start + threshold
      return at < call.start + lease ? at : nil
    }
    let width = max(1, (threshold + 7) / 8)
    return (call.start / width + 1) * width + threshold
  }

  mutating func advance(to instant: Int64) {
    while let (at, index) = nextEvent(by: instant) {
      now = max(now, at)
      forget(at: at)
      if let index {
        let isExpiry = crossing(of: calls[index]) != at
        calls[index].isMarked = true
        if isExpiry {
          calls[index].isExpired = true
          failures += 1
          probes.append(Result(at: at, failed: true, slow: true))
          judgeProbes(at: at, origin: calls[index].start)
        } else if state == .halfOpen {
          judgeProbes(at: at, origin: at)
        } else {
          judge(at: at)
        }
      } else if state == .open {
        state = .halfOpen
        begin()
      } else {
        state = .closed
      }
    }
    now = instant
    forget(at: instant)
  }

  /// The next thing that time alone does, and to which call.
  private func nextEvent(by instant: Int64) -> (Int64, Int?)? {
    var next: (Int64, Int?)?
    func offer(_ at: Int64, _ index: Int?) {
      if let known = next, known.0 <= at { return }
      if at <= instant { next = (at, index) }
    }
    if state == .open { offer(openUntil, nil) }
    if threshold != nil || state == .halfOpen {
      for index in calls.indices where calls[index].era == era && !calls[index].isExpired {
        if let at = crossing(of: calls[index]) { offer(at, index) }
        if calls[index].isProbe { offer(calls[index].start + lease, index) }
      }
    }
    if state == .recovering { offer(recoveredAt, nil) }
    return next
  }

  /// Drops the results of slices that have passed, or makes successes of them.
  private mutating func forget(at instant: Int64) {
    guard slices > 0, isPassing || state == .disabled else { return }
    let oldest = instant / slice - slices + 1
    inARow.removeAll { $0 / slice < oldest }
    if case .time = policy.window {
      while let first = results.first, first.at / slice < oldest { results.removeFirst() }
    } else {
      for index in results.indices where results[index].at / slice < oldest {
        results[index].failed = false
        results[index].slow = false
      }
    }
  }
}

// MARK: - Decisions

extension BreakerModel {
  var failureRate: Double? {
    results.count >= policy.minimumThroughput
      ? Double(results.count(where: \.failed)) / Double(results.count) : nil
  }

  private mutating func judge(at instant: Int64) {
    guard state != .metricsOnly else { return }
    let (all, slow) = (results.count + overdue, results.count(where: \.slow) + overdue)
    let tripsOnFailures = policy.failureRate.map { (failureRate ?? -1) >= $0 } ?? false
    let tripsOnSlow =
      policy.slowCalls.map { all >= policy.minimumThroughput && Double(slow) / Double(all) >= $0.rate }
      ?? false
    let tripsOnStreak = policy.consecutiveFailures.map { inARow.count >= $0 } ?? false
    if tripsOnFailures || tripsOnSlow || tripsOnStreak { open(at: instant, origin: instant) }
  }

  private mutating func judgeProbes(at instant: Int64, origin: Int64) {
    let permits = Double(policy.halfOpenPermits)
    let failed = Double(probes.count(where: \.failed))
    let good = Double(probes.count { !$0.failed })
    let slow = Double(probes.count(where: \.slow) + marked)
    let fast = Double(probes.count { !$0.slow })
    let rate = policy.failureRate ?? .leastNonzeroMagnitude
    let slowRate = policy.slowCalls?.rate ?? .infinity
    if failed / permits >= rate || slow / permits >= slowRate {
      open(at: instant, origin: origin)
    } else if (permits - good) / permits < rate, (permits - fast) / permits < slowRate {
      recoveredAt = instant + ramp
      credit = 1
      state = ramp > 0 ? .recovering : .closed
      begin()
      (results, inARow) = ([], [])
    }
  }

  private mutating func open(at instant: Int64, origin: Int64) {
    let isStable =
      state == .closed && instant >= recoveredAt.addingReportingOverflow(openTime).partialValue
      || state == .halfOpen && (firstProbeAt ?? instant) >= openUntil + openTime
    reopenings = openings == 0 || isStable || recoveredAt == .min && state == .closed ? 0 : reopenings + 1
    openTime = ns(policy.openTime)
    for _ in 0..<min(reopenings, 40) { openTime = min(openTime * 2, ns(policy.maxOpenTime)) }
    openUntil = max(instant, origin + openTime, notBefore)
    openings += 1
    state = .open
    begin()
  }

  private mutating func begin() {
    era += 1
    probes = []
    firstProbeAt = nil
    notBefore = .min
  }
}

// MARK: - Operations

extension BreakerModel {
  /// Whether the call is let in.
  mutating func admit() -> Bool {
    switch state {
    case .closed, .disabled, .metricsOnly: break
    case .open, .forcedOpen: return false
    case .halfOpen:
      guard probes.count + probesRunning < policy.halfOpenPermits else { return false }
    case .recovering:
      let elapsed = Double(ramp - (recoveredAt - now)) / Double(ramp)
      credit += 0.1 + 0.9 * elapsed
      guard credit >= 1 else { return false }
      credit -= 1
    }
    if state == .halfOpen { firstProbeAt = firstProbeAt ?? now }
    calls.append(Call(era: era, start: now, isProbe: state == .halfOpen))
    return true
  }

  mutating func finish(_ index: Int, _ verdict: Verdict?, retryAfter: Int64) {
    let call = calls.remove(at: index)
    guard let verdict, verdict != .neutral else { return }
    guard call.era == era, !call.isExpired else {
      stale += 1
      return
    }
    guard state != .disabled else { return }
    let failed = verdict == .failure
    let isSlow = threshold.map { now - call.start >= $0 } ?? false
    if failed {
      failures += 1
      let wait = min(retryAfter, ns(policy.maxRetryAfter))
      if wait > 0 { notBefore = max(notBefore, now + wait) }
    } else {
      successes += 1
    }
    let result = Result(at: now, failed: failed, slow: isSlow)
    if call.isProbe {
      probes.append(result)
      judgeProbes(at: now, origin: now)
    } else {
      results.append(result)
      if case .count(let capacity, _) = policy.window, results.count > capacity { results.removeFirst() }
      if failed { inARow.append(now) } else { inARow = [] }
      judge(at: now)
    }
  }

  mutating func set(_ override: CircuitBreakerOverride?) {
    switch override {
    case .forcedOpen: state = .forcedOpen
    case .disabled: state = .disabled
    case .metricsOnly: state = .metricsOnly
    case .open(let time): (state, openUntil, openTime) = (.open, now + ns(time), 0)
    case .halfOpen: (state, openUntil, openTime) = (.halfOpen, min(openUntil, now), 0)
    case nil: state = .closed
    }
    (results, inARow, reopenings, recoveredAt) = ([], [], 0, .min)
    begin()
  }
}

private func ns(_ duration: Duration) -> Int64 { Int64(duration / .nanoseconds(1)) }
