internal import ResilienceCore

/// What a breaker knows beyond the number of its successes; one that has seen nothing else has none.
struct BreakerHistory: ~Copyable, Sendable {
  var tally = CallTally()
  var counted: CountWindow?
  var timed: TimeWindow?
  var running: RunningCalls
  var probes = BreakerProbes()

  var consecutiveFailures = 0
  var failures = 0
  var slowCalls = 0
  var openings = 0
  var staleResults = 0
  var openNanoseconds: Int64 = 0

  var openedAt = Instant.distantPast
  var openUntil = Instant.distantPast
  /// How long the latest opening was meant to be, jitter included; 0 if it was by hand.
  var openTime: Int64 = 0
  /// What its end follows from; `nil` if that was said by hand.
  var opening: BreakerOpening?
  /// When half-open was left with success, and when the ramp after it ended or will.
  var recoveredAt = Instant.distantPast
  /// How often it opened again without having stayed closed in between.
  var reopenings = 0
  /// What the destination asked for since the present state began.
  var notBefore: Instant?
  /// What a recovering breaker owes its callers, in calls.
  var credit = 0.0
  /// The latest draw, which decides the jitter of the next open time.
  var draw: UInt64 = 0
  /// Made by the owner once for each state that rejects.
  var refusal: BreakerRefusal?
  /// What happened and was not told so far.
  var changes: [CircuitBreakerEvent.Kind] = []

  init(_ rules: CircuitBreakerRules, successes: Int) {
    running = RunningCalls(threshold: rules.slowNanoseconds)
    makeWindow(rules)
    guard let capacity = rules.policy.window.capacity else { return }
    // All bits are zero whatever their places.
    tally.calls = min(successes, capacity)
  }

  /// That of a breaker that has seen nothing but successes; nobody changes it.
  nonisolated(unsafe) static let blank: UnsafeMutablePointer<BreakerHistory> = {
    let blank = UnsafeMutablePointer<BreakerHistory>.allocate(capacity: 1)
    blank.initialize(to: BreakerHistory(CircuitBreakerRules(CircuitBreakerPolicy()), successes: 0))
    return blank
  }()
}

// MARK: - Results

extension BreakerHistory {
  func reasonToOpen(_ rules: CircuitBreakerRules) -> CircuitBreakerEvent.OpeningReason? {
    rules.reasonToOpen(tally, overdue: running.overdue, failuresInARow: consecutiveFailures)
  }

  /// Whether no number of successes that are not slow can change anything, whenever they come.
  func isSettledForSlowCalls(_ rules: CircuitBreakerRules) -> Bool {
    counted != nil
      && (tally.failures | tally.slow | running.overdue == 0 || tally.calls >= rules.minimumThroughput)
  }

  /// The window's counts with the calls that run past the threshold among the slow.
  var tallyWithOverdue: CallTally {
    CallTally(
      calls: tally.calls + running.overdue, failures: tally.failures, slow: tally.slow + running.overdue)
  }

  mutating func noteFailure(_ rules: CircuitBreakerRules, retryAfter: Int64, at now: Instant, draw: UInt64) {
    failures &+= 1
    self.draw = draw
    let wait = min(retryAfter, rules.maxRetryAfterNanoseconds)
    guard wait > 0 else { return }
    let instant = now.advanced(byNanoseconds: wait)
    notBefore = max(notBefore ?? instant, instant)
  }

  mutating func count(_ result: CallResult, at now: Instant) {
    forget(by: now)
    append(result, at: now)
    if result.failed || result.slow { counted?.noteAge(at: now) }
  }

  /// Counts a success of a closed breaker, if it changes nothing else.
  @inline(__always)
  mutating func countTimedSuccess(from start: Instant, at now: Instant, _ rules: CircuitBreakerRules) -> Bool
  {
    if rules.timesCalls, running.mayExpire(by: now) || rules.isSlow(from: start, to: now) { return false }
    timed?.advance(to: now, &tally)
    var next = tally
    next.calls &+= 1
    // What it pushes out of a count window only makes the rates lower.
    consecutiveFailures = 0
    if rules.reasonToOpen(next, overdue: running.overdue, failuresInARow: 0) != nil { return false }
    if rules.timesCalls { running.leave(start) }
    append(CallResult(failed: false, slow: false), at: now)
    return true
  }

  /// Counts successes of calls that were not timed.
  mutating func append(successes count: Int) {
    consecutiveFailures = 0
    counted?.append(successes: count, to: &tally)
  }

  @inline(__always)
  private mutating func append(_ result: CallResult, at now: Instant) {
    if result.failed { consecutiveFailures += 1 } else { consecutiveFailures = 0 }
    if timed != nil {
      timed?.append(result, at: now, to: &tally)
    } else {
      counted?.append(result, to: &tally)
    }
  }

  /// Drops from the window, and from the failures in a row, what is too old by `now`.
  mutating func forget(by now: Instant) {
    if timed != nil {
      timed?.advance(to: now, &tally)
      consecutiveFailures = min(consecutiveFailures, tally.calls)
    } else if let left = counted?.forgive(by: now, &tally) {
      consecutiveFailures = min(consecutiveFailures, left)
    }
  }
}

// MARK: - The window

extension BreakerHistory {
  mutating func makeWindow(_ rules: CircuitBreakerRules) {
    switch rules.policy.window {
    case .count(let capacity, let maxAge):
      timed = nil
      counted = CountWindow(
        capacity: capacity, tracksSlow: rules.timesCalls, maxAge: maxAge?.clampedNanoseconds)
    case .time(let time, let slices):
      counted = nil
      timed = TimeWindow(nanoseconds: time.clampedNanoseconds, slices: slices)
    }
  }

  /// Goes by other rules; keeps the latest results if they are counted, before and after.
  mutating func changeWindow(_ rules: CircuitBreakerRules) {
    let window = counted.take()
    let calls = tally.calls
    tally = CallTally()
    makeWindow(rules)
    if let window, let capacity = rules.policy.window.capacity {
      counted?.append(latest: min(calls, capacity), of: window, to: &tally)
    } else {
      consecutiveFailures = 0
    }
  }

  /// Empties the window; calls under way are not known any more.
  mutating func clear(_ rules: CircuitBreakerRules) {
    tally = CallTally()
    consecutiveFailures = 0
    counted?.removeAll()
    timed?.removeAll()
    clearRunning(rules)
    notBefore = nil
  }

  mutating func clearRunning(_ rules: CircuitBreakerRules) {
    running = RunningCalls(threshold: rules.slowNanoseconds)
  }
}
