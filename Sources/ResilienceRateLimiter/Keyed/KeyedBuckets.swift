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
  // Buckets swept out were full by then: one that comes back starts no earlier, even if its `now` does.
  @usableFromInline var sweptAt = Instant(nanoseconds: .min)

  package init(_ rate: GenericCellRate, maxKeys: Int) {
    self.rate = rate
    self.maxKeys = maxKeys
    sweepCount = min(maxKeys, Self.smallestSweep)
  }

  @inlinable static var smallestSweep: Int { 256 }

  package var count: Int { states.count }

  @inlinable
  package mutating func take(_ permits: Int, of key: Key, at now: Instant) -> KeyedAnswer {
    if let index = states.index(forKey: key) {
      let state = states.values[index]
      guard let next = rate.taking(permits, from: state, at: now) else {
        return .refused(retryAt: rate.earliest(permits, from: state, at: now))
      }
      states.values[index] = next
      return .acquired
    }
    let state = rate.refills ? sweptAt.nanoseconds : GenericCellRate.full
    guard let next = rate.taking(permits, from: state, at: now) else {
      return .refused(retryAt: rate.earliest(permits, from: state, at: now))
    }
    guard states.count < sweepCount || makeRoom(at: now) else {
      return .noRoom(retryAt: rate.refills ? max(now, nextSweep) : nil)
    }
    states[key] = next
    return .acquired
  }

  /// A sweep looks at every key, so there are at most 16 in the time a bucket needs to fill, and 1000 in a second.
  @inlinable
  @inline(never)
  mutating func makeRoom(at now: Instant) -> Bool {
    guard nextSweep <= now else { return states.count < maxKeys }
    var firstFull = Int64.max
    states = states.filter { [rate] _, state in
      if rate.isFull(state, at: now) { return false }
      firstFull = min(firstFull, state)
      return true
    }
    sweptAt = max(sweptAt, now)
    sweepCount = min(maxKeys, max(Self.smallestSweep, 2 * states.count))
    let pause = now.advanced(byNanoseconds: max(rate.capacity / 16, 1_000_000))
    nextSweep = states.count < maxKeys ? pause : max(pause, Instant(nanoseconds: firstFull))
    return states.count < maxKeys
  }
}
