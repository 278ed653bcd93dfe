internal import ResilienceCore

/// A policy, computed once into what the state machine works with; shared by all breakers of one policy.
@usableFromInline
package final class CircuitBreakerRules: Sendable {
  package let policy: CircuitBreakerPolicy
  let failureRate: Double?
  let slowRate: Double
  let slowNanoseconds: Int64
  /// Whether calls are timed.
  let timesCalls: Bool
  let consecutiveFailures: Int
  let minimumThroughput: Int
  let permits: Int
  let leaseNanoseconds: Int64
  let rampNanoseconds: Int64
  let maxRetryAfterNanoseconds: Int64
  /// The open time before jitter.
  private let openTime: Backoff

  package init(_ policy: CircuitBreakerPolicy) {
    self.policy = policy
    failureRate = policy.failureRate
    slowRate = policy.slowCalls?.rate ?? .infinity
    slowNanoseconds = policy.slowCalls?.threshold.clampedNanoseconds ?? .max
    timesCalls = policy.slowCalls != nil
    consecutiveFailures = policy.consecutiveFailures ?? .max
    minimumThroughput = policy.minimumThroughput
    permits = policy.halfOpenPermits
    leaseNanoseconds = policy.probeLease.clampedNanoseconds
    rampNanoseconds = policy.rampTime.clampedNanoseconds
    maxRetryAfterNanoseconds = policy.maxRetryAfter.clampedNanoseconds
    openTime = .exponential(base: policy.openTime, cap: policy.maxOpenTime, jitter: .none)
  }

  // Many breakers share few policies: the last rules are kept, so that a breaker of a policy like the one
  // before shares them.
  private static let latest = Lock<CircuitBreakerRules?>(nil)

  static func of(_ policy: CircuitBreakerPolicy) -> CircuitBreakerRules {
    if let rules = latest.withLock({ $0 }), rules.policy == policy { return rules }
    let rules = CircuitBreakerRules(policy)
    // Handed out of the lock, so that the rules before are released outside it.
    let before = latest.withLock { latest in
      defer { latest = rules }
      return latest
    }
    _ = before
    return rules
  }

  var needsTimeOfResults: Bool { timesCalls || policy.window.capacity == nil }

  /// How long to stay open, and how much of it is chance: the breaker opened `reopenings` times in a row
  /// before.
  func openNanoseconds(reopenings: Int, draw: UInt64) -> (whole: Int64, jitter: Int64) {
    let whole = openTime.delay(retry: reopenings + 1, seed: 0).clampedNanoseconds
    let span = UInt64(Double(whole) * policy.openTimeJitter)
    let jitter = Int64(SplitMix64.mix(draw).multipliedFullWidth(by: min(span, UInt64(whole)) + 1).high)
    return (whole, jitter)
  }

  /// The share of calls that a breaker admits so long after its probes succeeded.
  func share(after nanoseconds: Int64) -> Double {
    // An update may have taken the ramp away from one that is recovering.
    guard rampNanoseconds > 0, nanoseconds < rampNanoseconds else { return 1 }
    // From a tenth, as Envoy's slow start: from nothing, nothing would be learned.
    return 0.1 + 0.9 * Double(max(0, nanoseconds)) / Double(rampNanoseconds)
  }

}

// MARK: - When a breaker opens

extension CircuitBreakerRules {
  enum ProbesDecision {
    case fail
    case succeed
  }

  /// Why a breaker with such a window opens; `nil` when it does not.
  ///
  /// - Parameter overdue: Calls that run past the threshold of slow calls.
  @inline(__always)
  func reasonToOpen(
    _ tally: CallTally, overdue: Int, failuresInARow: Int
  ) -> CircuitBreakerEvent.OpeningReason? {
    if tally.failures | tally.slow | overdue == 0 { return nil }
    if failuresInARow >= consecutiveFailures { return .consecutiveFailures }
    if let limit = failureRate, let rate = failureRate(tally), rate >= limit { return .failureRate }
    if let rate = slowCallRate(tally, overdue: overdue), rate >= slowRate { return .slowCallRate }
    return nil
  }

  /// What the probes come to, whatever becomes of those still missing; `nil` when that can still turn it.
  func decision(by probes: borrowing BreakerProbes) -> ProbesDecision? {
    if probesFail(probes.failures) || probesAreSlow(probes.slow) { return .fail }
    let (notSucceeded, notFast) = (permits - probes.successes, permits - probes.fast)
    return probesFail(notSucceeded) || probesAreSlow(notFast) ? nil : .succeed
  }

  func isSlow(from start: Instant, to now: Instant) -> Bool {
    timesCalls && start.nanoseconds(to: now) >= slowNanoseconds
  }

  /// Failures per result; `nil` below the minimum throughput.
  func failureRate(_ tally: CallTally) -> Double? {
    tally.calls >= minimumThroughput ? Double(tally.failures) / Double(tally.calls) : nil
  }

  /// Slow results and overdue calls per result and overdue call; `nil` below the minimum throughput.
  func slowCallRate(_ tally: CallTally, overdue: Int) -> Double? {
    let calls = tally.calls + overdue
    guard timesCalls, calls >= minimumThroughput else { return nil }
    return Double(tally.slow + overdue) / Double(calls)
  }

  private func probesFail(_ failures: Int) -> Bool {
    failureRate.map { Double(failures) / Double(permits) >= $0 } ?? (failures > 0)
  }

  private func probesAreSlow(_ slow: Int) -> Bool {
    Double(slow) / Double(permits) >= slowRate
  }
}
