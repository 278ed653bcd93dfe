public import ResilienceCore

/// One bucket for each key, as far as it matters: a bucket that is full again is the same as none.
///
/// Bounded. New keys make room by sweeping the full ones out; if all are in use, new keys are refused until the next sweep.
@usableFromInline
package struct KeyedBuckets<Key: Hashable & Sendable>: Sendable {
  @usableFromInline let rate: GenericCellRate
  @usableFromInline let maxKeys: Int
  @usableFromInline var states: [Key: Int64] = [:]
  @usableFromInline var sweepCount: Int
  @usableFromInline var nextSweep = Instant(nanoseconds: .min)
  @usableFromInline var origin: Instant?
  // Buckets swept out were full by then: one that comes back starts no earlier, even if its `now` does.
  @usableFromInline var sweptAt = GenericCellRate.full

  package init(_ rate: GenericCellRate, maxKeys: Int) {
    self.rate = rate
    self.maxKeys = maxKeys
    sweepCount = min(maxKeys, Self.smallestSweep)
  }

  @inlinable static var smallestSweep: Int { 256 }

  package var count: Int { states.count }

  @inlinable
  package mutating func take(_ permits: Int, of key: Key, at now: Instant) -> KeyedAnswer {
    let ticks = origin.flatMap { rate.ticks(at: now, since: $0) } ?? moveOrigin(to: now)
    if let index = states.index(forKey: key) {
      let state = states.values[index]
      guard let next = rate.taking(permits, from: state, at: ticks) else {
        return .refused(retryAt: earliest(permits, from: state, at: ticks, now))
      }
      states.values[index] = next
      return .acquired
    }
    guard let next = rate.taking(permits, from: sweptAt, at: ticks) else {
      return .refused(retryAt: earliest(permits, from: sweptAt, at: ticks, now))
    }
    guard states.count < sweepCount || makeRoom(at: ticks, now) else {
      return .noRoom(retryAt: rate.ticksPerNanosecond > 0 ? max(now, nextSweep) : nil)
    }
    states[key] = next
    return .acquired
  }

  @usableFromInline
  func earliest(_ permits: Int, from state: Int64, at ticks: Int64, _ now: Instant) -> Instant? {
    rate.wait(permits, from: state, at: ticks).map { now.advanced(byNanoseconds: $0) }
  }

  @usableFromInline
  @inline(never)
  mutating func moveOrigin(to now: Instant) -> Int64 {
    let later = rate.origin(for: now)
    if let origin {
      states = states.mapValues { [rate] in rate.moved($0, from: origin, to: later) }
      sweptAt = rate.moved(sweptAt, from: origin, to: later)
    }
    origin = later
    return rate.ticks(at: now, since: later) ?? 0
  }

  /// A sweep looks at every key, so there are at most 16 in the time a bucket needs to fill, and 1000 in a second.
  @inlinable
  @inline(never)
  mutating func makeRoom(at ticks: Int64, _ now: Instant) -> Bool {
    guard nextSweep <= now else { return states.count < maxKeys }
    var firstFull = Int64.max
    states = states.filter { [rate] _, state in
      if rate.isFull(state, at: ticks) { return false }
      firstFull = min(firstFull, state)
      return true
    }
    sweptAt = max(sweptAt, ticks)
    sweepCount = min(maxKeys, max(Self.smallestSweep, 2 * states.count))
    let scale = max(1, rate.ticksPerNanosecond)
    let pause = now.advanced(byNanoseconds: max(rate.capacity / scale / 16, 1_000_000))
    let full = now.advanced(byNanoseconds: (firstFull.subtractingSaturating(ticks) - 1) / scale + 1)
    nextSweep = states.count < maxKeys ? pause : max(pause, full)
    return states.count < maxKeys
  }
}
