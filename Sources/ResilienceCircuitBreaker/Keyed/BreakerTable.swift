internal import Synchronization

/// The breakers of a ``CircuitBreakers``, and which of them can be forgotten.
///
/// Time is counted in 64ths of the idle time. A breaker that was not asked for during more than 64 of them is as new; not
/// while its open time lasts, and never if somebody else holds it, or told it by hand what to be.
@usableFromInline
struct BreakerTable<Key: Hashable & Sendable>: Sendable {
  @usableFromInline var breakers: [Key: CircuitBreaker] = [:]
  @usableFromInline let maxBreakers: Int
  @usableFromInline var rules: CircuitBreakerRules
  @usableFromInline var sweepCount: Int
  @usableFromInline var sweptAt: UInt32 = 0
  @usableFromInline var unguarded = 0

  @usableFromInline
  init(maxBreakers: Int, rules: CircuitBreakerRules) {
    self.maxBreakers = maxBreakers
    self.rules = rules
    sweepCount = min(maxBreakers, Self.smallestSweep)
  }

  @inlinable static var smallestSweep: Int { 256 }

  @inlinable
  mutating func find(_ key: Key, at tick: UInt32, _ now: Instant) -> CircuitBreaker? {
    guard let index = breakers.index(forKey: key) else { return nil }
    if breakers.values[index].isIdle(at: tick, now), isKnownUniquelyReferenced(&breakers.values[index]) {
      return nil
    }
    let breaker = breakers.values[index]
    breaker.wasAsked(at: tick)
    return breaker
  }

  /// Whether there is no room for a new key, and no use in looking for any; counts the call that goes unguarded.
  @inlinable
  mutating func turnsAway(_ key: Key, at tick: UInt32) -> Bool {
    guard breakers.count >= maxBreakers, !mustSweep(at: tick), breakers[key] == nil else { return false }
    unguarded += 1
    return true
  }

  /// Puts a new breaker in, unless there is no room for it.
  @inlinable
  mutating func insert(_ breaker: CircuitBreaker, for key: Key, at tick: UInt32) -> Bool {
    guard breakers[key] != nil || breakers.count < maxBreakers else {
      unguarded += 1
      return false
    }
    breaker.wasAsked(at: tick)
    breakers[key] = breaker
    return true
  }

  /// Whether it is time to look for breakers that can be forgotten: when there are twice as many as after the last time, or
  /// when there is no room, once a tick.
  @inlinable
  func mustSweep(at tick: UInt32) -> Bool {
    breakers.count >= sweepCount && (breakers.count < maxBreakers || tick != sweptAt)
  }

  /// Forgets what is idle.
  ///
  /// - Returns: What it was before, to be released after the lock is.
  @inlinable
  @inline(never)
  mutating func sweep(at tick: UInt32, _ now: Instant) -> [Key: CircuitBreaker] {
    var kept: [Key: CircuitBreaker] = [:]
    // Its own `indices` would hold the dictionary, and everything in it would be referenced twice.
    var index = breakers.startIndex
    while index != breakers.endIndex {
      let isIdle = breakers.values[index].isIdle(at: tick, now)
      if !isIdle || !isKnownUniquelyReferenced(&breakers.values[index]) {
        kept[breakers[index].key] = breakers[index].value
      }
      breakers.formIndex(after: &index)
    }
    sweptAt = tick
    sweepCount = min(maxBreakers, max(Self.smallestSweep, 2 * kept.count))
    return swapped(with: kept)
  }

  @inlinable
  mutating func swapped(with kept: [Key: CircuitBreaker]) -> [Key: CircuitBreaker] {
    defer { breakers = kept }
    return breakers
  }
}

extension CircuitBreaker {
  @usableFromInline
  func isIdle(at tick: UInt32, _ now: Instant) -> Bool {
    Int32(truncatingIfNeeded: tick &- lastAsked.load(ordering: .relaxed)) > 64
      && openUntil.load(ordering: .relaxed) <= now.nanoseconds && !isOverridden
  }

  @usableFromInline
  func wasAsked(at tick: UInt32) {
    let last = lastAsked.load(ordering: .relaxed)
    if Int32(truncatingIfNeeded: tick &- last) > 0 { lastAsked.store(tick, ordering: .relaxed) }
  }
}
