internal import ResilienceCore

/// A bucket's state with the origin it is counted from.
struct Cell: Sendable {
  private(set) var rate: GenericCellRate
  private var origin: Instant?
  private var state = GenericCellRate.full

  init(_ limit: RateLimit) { rate = GenericCellRate(limit) }

  private mutating func ticks(at now: Instant) -> Int64 {
    if let origin {
      if let ticks = rate.ticks(at: now, since: origin) { return ticks }
      state = rate.moved(state, from: origin, to: rate.origin(for: now))
    }
    let later = rate.origin(for: now)
    origin = later
    return rate.ticks(at: now, since: later) ?? 0
  }

  mutating func take(_ permits: Int, at now: Instant) -> Bool {
    guard let next = rate.taking(permits, from: state, at: ticks(at: now)) else { return false }
    state = next
    return true
  }

  mutating func earliest(_ permits: Int, at now: Instant) -> Instant? {
    let ticks = ticks(at: now)
    return rate.wait(permits, from: state, at: ticks).map { now.advanced(byNanoseconds: $0) }
  }

  mutating func available(at now: Instant) -> Int {
    let ticks = ticks(at: now)
    return rate.available(state, at: ticks)
  }
}
