internal import ResilienceCore

extension CircuitBreakerPolicy {
  /// The first field that is out of its range.
  var fault: InvalidCircuitBreakerPolicy? {
    windowFault ?? criteriaFault ?? timeFault
      ?? Self.check(
        "halfOpenPermits", (1...1024).contains(halfOpenPermits), "in 1 ... 1024", halfOpenPermits)
  }

  private var windowFault: InvalidCircuitBreakerPolicy? {
    switch window {
    case .count(let count):
      Self.check("window", (1...65_536).contains(count), "a count in 1 ... 65536", count)
        ?? Self.check(
          "minimumThroughput", (1...count).contains(minimumThroughput), "in 1 ... \(count) (its window)",
          minimumThroughput)
    case .time(let time, let slices):
      Self.check("window", (1...1000).contains(slices), "of 1 ... 1000 slices", slices)
        ?? Self.check("window", time.clampedNanoseconds >= slices, "at least 1 ns for each slice", time)
        ?? Self.check("minimumThroughput", minimumThroughput >= 1, "at least 1", minimumThroughput)
    }
  }

  private var criteriaFault: InvalidCircuitBreakerPolicy? {
    if failureRate == nil, slowCalls == nil, consecutiveFailures == nil {
      return InvalidCircuitBreakerPolicy(
        field: "failureRate", value: "nil",
        requirement: "set where slowCalls and consecutiveFailures are not: it would never open")
    }
    return failureRate.flatMap { Self.check("failureRate", $0 > 0 && $0 <= 1, "in 0 < rate <= 1", $0) }
      ?? slowCalls.flatMap {
        Self.check("slowCalls.rate", $0.rate > 0 && $0.rate <= 1, "in 0 < rate <= 1", $0.rate)
          ?? Self.check(
            "slowCalls.threshold", $0.threshold.clampedNanoseconds > 0, "at least 1 ns", $0.threshold)
      }
      ?? consecutiveFailures.flatMap {
        Self.check("consecutiveFailures", (1...Int(Int32.max)).contains($0), "in 1 ... 2147483647", $0)
      }
  }

  private var timeFault: InvalidCircuitBreakerPolicy? {
    Self.check("openTime", openTime.clampedNanoseconds > 0, "at least 1 ns", openTime)
      ?? Self.check("maxOpenTime", maxOpenTime >= openTime, "at least openTime (\(openTime))", maxOpenTime)
      ?? Self.check(
        "openTimeJitter", openTimeJitter >= 0 && openTimeJitter <= 1, "in 0 ... 1", openTimeJitter)
      ?? Self.check("maxRetryAfter", maxRetryAfter >= .zero, "zero or more", maxRetryAfter)
      ?? Self.check("probeLease", probeLease.clampedNanoseconds > 0, "at least 1 ns", probeLease)
      ?? Self.check("rampTime", rampTime >= .zero, "zero or more", rampTime)
  }

  private static func check(
    _ field: String, _ holds: Bool, _ requirement: String, _ value: some Any
  ) -> InvalidCircuitBreakerPolicy? {
    holds
      ? nil : InvalidCircuitBreakerPolicy(field: field, value: "\(value)", requirement: requirement)
  }
}
