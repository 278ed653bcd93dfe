internal import ResilienceCore

extension CircuitBreakerPolicy {
  /// The first field that is out of its range.
  var fault: InvalidSetting? {
    windowFault ?? criteriaFault ?? timeFault ?? .outside(1...1024, "halfOpenPermits", halfOpenPermits)
  }

  private var windowFault: InvalidSetting? {
    switch window {
    case .count(let count, let maxAge):
      .outside(1...65_536, "window.count", count)
        ?? maxAge.flatMap { .unless($0.clampedNanoseconds >= 8, "window.maxAge", $0, "8ns or more") }
        ?? .unless(
          (1...max(1, count)).contains(minimumThroughput), "minimumThroughput", minimumThroughput,
          "in 1 ... \(count), its window")
    case .time(let time, let slices):
      .outside(1...1000, "window.slices", slices)
        ?? .unless(time.clampedNanoseconds >= slices, "window.time", time, "at least 1ns for each slice")
        ?? .unless(minimumThroughput >= 1, "minimumThroughput", minimumThroughput, "1 or more")
    }
  }

  private var criteriaFault: InvalidSetting? {
    if failureRate == nil, slowCalls == nil, consecutiveFailures == nil {
      return InvalidSetting(
        field: "failureRate", value: "nil",
        requirement: "set where slowCalls and consecutiveFailures are not: it would never open")
    }
    return failureRate.flatMap { .unless($0 > 0 && $0 <= 1, "failureRate", $0, "above 0, at most 1") }
      ?? slowCalls.flatMap { slow in
        .unless(slow.rate > 0 && slow.rate <= 1, "slowCalls.rate", slow.rate, "above 0, at most 1")
          ?? .unless(
            slow.threshold.clampedNanoseconds > 0, "slowCalls.threshold", slow.threshold, "1ns or more")
      }
      ?? consecutiveFailures.flatMap { .outside(1...Int(Int32.max), "consecutiveFailures", $0) }
  }

  private var timeFault: InvalidSetting? {
    .unless(openTime.clampedNanoseconds > 0, "openTime", openTime, "1ns or more")
      ?? .unless(maxOpenTime >= openTime, "maxOpenTime", maxOpenTime, "as much as openTime or more")
      ?? .outside(0...1, "openTimeJitter", openTimeJitter)
      ?? .unless(maxRetryAfter >= .zero, "maxRetryAfter", maxRetryAfter, "0s or more")
      ?? .unless(probeLease.clampedNanoseconds > 0, "probeLease", probeLease, "1ns or more")
      ?? .unless(rampTime >= .zero, "rampTime", rampTime, "0s or more")
  }
}
