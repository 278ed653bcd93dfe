internal import Resilience

extension RateLimit {
  /// The limit of one of several processes that share it.
  func divided(by processes: Int) -> RateLimit {
    guard !isUnlimited, permits > 0, processes > 1 else { return self }
    let burst = max(1, burst / processes)
    // So many permits in a period that is longer: exact, but for periods of centuries.
    return (try? RateLimit.validated(permits, per: period * processes, burst: burst))
      ?? RateLimit(max(1, permits / processes), per: period, burst: 1)
  }
}

extension Duration {
  /// 1 or more; of what is longer than 285 years as many.
  var microsecondsRoundedUp: Int64 {
    let (seconds, attoseconds) = components
    guard seconds < 9_000_000_000 else { return 9_000_000_000_000_000 }
    return max(1, seconds * 1_000_000 + (attoseconds + 999_999_999_999) / 1_000_000_000_000)
  }
}
