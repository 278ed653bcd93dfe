internal import ResilienceCore

/// The bucket of a key that has a limit of its own.
@usableFromInline
struct OwnBucket: Sendable {
  private(set) var limit: RateLimit
  private var rate: GenericCellRate
  private var origin: Instant
  private var state: Int64
  /// An instant that has passed.
  private(set) var lastTaking: Instant

  /// - Parameter owed: What `other` says is missing, in its ticks.
  init(_ limit: RateLimit, owing owed: Int64, of other: GenericCellRate, at now: Instant) {
    self.limit = limit
    rate = GenericCellRate(limit)
    origin = rate.origin(for: now)
    state = (rate.ticks(at: now, since: origin) ?? 0) + other.owed(owed, at: rate)
    lastTaking = now
  }

  mutating func take(_ permits: Int, at now: Instant) -> RateLimitDecision {
    let ticks = count(to: now)
    guard let next = rate.taking(permits, from: state, at: ticks) else {
      let wait = rate.wait(permits, from: state, at: ticks)
      return .refused(retryAt: wait.map { now.advanced(byNanoseconds: $0) })
    }
    state = next
    lastTaking = max(lastTaking, now)
    return .acquired
  }

  /// - Returns: Whether any were missing.
  mutating func refund(_ permits: Int, at now: Instant) -> Bool {
    let ticks = count(to: now)
    guard state > ticks else { return false }
    state = rate.refunding(permits, to: state, at: ticks)
    return true
  }

  mutating func update(_ limit: RateLimit, at now: Instant) {
    let now = max(now, lastTaking)
    self = OwnBucket(limit, owing: owed(at: now), of: rate, at: now)
  }

  /// What is missing, in ticks of another rate.
  mutating func owed(at now: Instant, in other: GenericCellRate) -> Int64 {
    rate.owed(owed(at: now), at: other)
  }

  func available(at now: Instant) -> Int {
    rate.ticks(at: now, since: origin).map { rate.available(state, at: $0) } ?? rate.burst
  }

  private mutating func owed(at now: Instant) -> Int64 {
    let ticks = count(to: now)
    return max(0, state - ticks)
  }

  /// The ticks from the origin to `now`; the origin moves when they cannot be counted.
  private mutating func count(to now: Instant) -> Int64 {
    if let ticks = rate.ticks(at: now, since: origin) { return ticks }
    let later = rate.origin(for: now)
    state = rate.moved(state, from: origin, to: later)
    origin = later
    return rate.ticks(at: now, since: origin) ?? 0
  }
}
