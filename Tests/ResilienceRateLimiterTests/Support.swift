import ResilienceCore
import ResilienceRateLimiter

/// A token bucket written the other way round: a level that time raises and permits lower. Exact: it counts
/// in fractions of a permit, of which every nanosecond yields `limit.permits` and a permit takes the period's
/// nanoseconds.
struct ReferenceBucket {
  private let limit: RateLimit
  private let cost: Int128
  private let capacity: Int128
  private var level: Int128
  private var levelAt: Instant

  init(_ limit: RateLimit, at start: Instant) {
    self.limit = limit
    cost = limit.period.attoseconds / 1_000_000_000
    capacity = Int128(limit.burst) * cost
    level = capacity
    levelAt = start
  }

  /// Below the present level for an instant in the past.
  private func level(at now: Instant) -> Int128 {
    min(capacity, level + (Int128(now.nanoseconds) - Int128(levelAt.nanoseconds)) * Int128(limit.permits))
  }

  mutating func take(_ permits: Int, at now: Instant) -> Bool {
    guard level(at: now) >= Int128(permits) * cost else { return false }
    if now > levelAt { (level, levelAt) = (level(at: now), now) }
    level -= Int128(permits) * cost
    return true
  }

  func earliest(_ permits: Int, at now: Instant) -> Instant {
    let missing = max(0, Int128(permits) * cost - level(at: now))
    let wait = (missing + Int128(limit.permits) - 1) / Int128(limit.permits)
    return now.advanced(byNanoseconds: Int64(wait))
  }
}
