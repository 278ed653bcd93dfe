internal import ResilienceCore

/// An ``OutlierPolicy`` in nanoseconds.
struct OutlierRules {
  let intervalNanoseconds: Int64
  let baseNanoseconds: Int64
  let maxNanoseconds: Int64
  let consecutiveFailures: Int?
  let successRate: OutlierPolicy.SuccessRate?
  let failureRate: OutlierPolicy.FailureRate?
  private let maxEjectedShare: Double
  private let alwaysEjectsOne: Bool

  init(_ policy: OutlierPolicy) {
    intervalNanoseconds = max(1, policy.interval.clampedNanoseconds)
    baseNanoseconds = max(1, policy.baseEjectionTime.clampedNanoseconds)
    maxNanoseconds = max(1, policy.maxEjectionTime.clampedNanoseconds)
    consecutiveFailures = policy.consecutiveFailures
    successRate = policy.successRate
    failureRate = policy.failureRate
    maxEjectedShare = policy.maxEjectedShare
    alwaysEjectsOne = policy.alwaysEjectsOne
  }

  /// The most that may be ejected, with the last one. Never the only instance because of `alwaysEjectsOne`.
  func mostEjected(of instances: Int) -> Int {
    // A share of 0.1 of 10 is 1, whatever the product's last digit is.
    let share = Int((maxEjectedShare * Double(instances) + 1e-9).rounded(.down))
    return alwaysEjectsOne && instances > 1 ? max(1, share) : share
  }
}
