internal import ResilienceCore

/// Bounds how many instances of a service one monitor declares unhealthy within an interval: when its own
/// network fails, all of its checks do.
struct FallLimiter {
  let maxShare: Double
  let intervalNanoseconds: Int64
  private var start: Instant?
  private var falls = 0

  init(maxShare: Double, interval: Duration) {
    self.maxShare = maxShare
    intervalNanoseconds = interval.clampedNanoseconds
  }

  /// Whether one more of `instances` may fall; then it has. One always may.
  mutating func admit(of instances: Int, at now: Instant) -> Bool {
    if start.map({ $0.nanoseconds(to: now) >= intervalNanoseconds }) ?? true {
      start = now
      falls = 0
    }
    guard falls == 0 || Double(falls + 1) <= maxShare * Double(instances) else { return false }
    falls += 1
    return true
  }
}
