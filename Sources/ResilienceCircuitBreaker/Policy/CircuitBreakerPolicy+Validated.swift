public import ResilienceCore

extension CircuitBreakerPolicy {
  /// Creates a policy from values that come from outside the program, with the ranges and the defaults of
  /// the initialiser.
  ///
  /// - Throws: `InvalidSetting`, naming the value, where the initialiser traps.
  public static func validated(
    window: Window = .count(100), failureRate: Double? = 0.5, slowCalls: SlowCalls? = nil,
    consecutiveFailures: Int? = nil, minimumThroughput: Int? = nil, openTime: Duration = .seconds(1),
    maxOpenTime: Duration? = nil, openTimeJitter: Double = 0.2, maxRetryAfter: Duration = .seconds(300),
    halfOpenPermits: Int = 3, probeLease: Duration = .seconds(30), rampTime: Duration = .zero
  ) throws(InvalidSetting) -> CircuitBreakerPolicy {
    let policy = CircuitBreakerPolicy(
      unchecked: window, failureRate, slowCalls, consecutiveFailures, minimumThroughput, openTime,
      maxOpenTime, openTimeJitter, maxRetryAfter, halfOpenPermits, probeLease, rampTime)
    if let fault = policy.fault { throw fault }
    return policy
  }
}
