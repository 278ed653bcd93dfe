import ResilienceCore
import ResilienceRateLimiter

extension Instant {
  /// Seconds since the clock's zero point.
  static func s(_ seconds: Double) -> Instant { Instant(nanoseconds: Int64(seconds * 1_000_000_000)) }
  static func ns(_ nanoseconds: Int64) -> Instant { Instant(nanoseconds: nanoseconds) }
}

/// A token bucket written the other way round: a level that time raises and permits lower, in nanoseconds of the rate.
struct ReferenceBucket {
  let interval: Int64
  let capacity: Int64
  private var level: Int64
  private var levelAt: Instant

  init(interval: Int64, burst: Int, at start: Instant) {
    self.interval = interval
    capacity = Int64(burst) * interval
    level = capacity
    levelAt = start
  }

  /// Below the present level for an instant in the past.
  private func level(at now: Instant) -> Int64 { min(capacity, level + levelAt.nanoseconds(to: now)) }

  mutating func take(_ permits: Int, at now: Instant) -> Bool {
    let cost = Int64(permits) * interval
    guard level(at: now) >= cost else { return false }
    if now > levelAt { (level, levelAt) = (level(at: now), now) }
    level -= cost
    return true
  }

  func earliest(_ permits: Int, at now: Instant) -> Instant {
    now.advanced(byNanoseconds: max(0, Int64(permits) * interval - level(at: now)))
  }
}
