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

  var openedAt = Instant(nanoseconds: .min)
  var openUntil = Instant(nanoseconds: .min)
  /// How long the latest opening was meant to be, jitter included.
  var openTime: Int64 = 0
  /// When half-open was left with success, and when the ramp after it ended or will.
  var recoveredAt = Instant(nanoseconds: .min)
  /// How often it opened again without having stayed closed in between.
  var reopenings = 0
  /// What the destination asked for since the present state began.
  var notBefore = Instant(nanoseconds: .min)
  /// What a recovering breaker owes its callers, in calls.
  var credit = 0.0
  /// The latest draw, which decides the jitter of the next open time.
  var draw: UInt64 = 0
  /// Boxed by the owner once for each state that rejects.
  var refusal: (any Error)?

  init(_ rules: CircuitBreakerRules, successes: Int) {
    running = RunningCalls(threshold: rules.slowNanoseconds)
    makeWindow(rules)
    guard let capacity = rules.policy.window.capacity else { return }
    // All bits are zero whatever their places.
    tally.calls = min(successes, capacity)
  }

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

  mutating func append(_ result: CallResult, at now: Instant) {
    if result.failed { consecutiveFailures += 1 } else { consecutiveFailures = 0 }
    if timed != nil {
      timed?.append(result, at: now, to: &tally)
    } else {
      counted?.append(result, to: &tally)
    }
  }

  /// Notes when the result that was appended last came, which is a failure or slow.
  mutating func noteAge(at now: Instant) {
    counted?.noteAge(at: now)
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
    notBefore = Instant(nanoseconds: .min)
  }

  mutating func clearRunning(_ rules: CircuitBreakerRules) {
    running = RunningCalls(threshold: rules.slowNanoseconds)
  }
}
