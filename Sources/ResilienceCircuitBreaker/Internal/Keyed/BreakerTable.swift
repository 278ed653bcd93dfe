public import ResilienceCore
internal import Synchronization

/// The breakers of some keys.
///
/// Time is counted in 64ths of the idle time. A breaker that was not asked for during more than 64 of them is
/// as new; not while its open time lasts, and never if somebody else holds it, or told it by hand what to be.
@usableFromInline typealias BreakerTable<Key: Hashable & Sendable> = KeyTable<Key, CircuitBreaker>

extension KeyTable where Value == CircuitBreaker {
  @inlinable
  func knows(_ key: Key, hash: UInt32) -> Bool { find(key, hash: hash) != nil }

  /// The breaker of a key, unless it is as new.
  @inlinable
  @inline(__always)
  mutating func breaker(of key: Key, hash: UInt32, at tick: UInt32, _ now: Instant) -> CircuitBreaker? {
    guard let index = find(key, hash: hash), !Self.isAsNew(&self[index], at: tick, now) else { return nil }
    let breaker = self[index]
    breaker.wasAsked(at: tick)
    return breaker
  }

  /// Puts a breaker in, for the one that the key has or has not.
  @inlinable
  mutating func put(_ breaker: CircuitBreaker, for key: Key, hash: UInt32, at tick: UInt32) {
    breaker.wasAsked(at: tick)
    if let index = find(key, hash: hash) {
      self[index] = breaker
      return
    }
    if !hasSpace { _ = replace(for: count + 1) { _ in true } }
    add(key, hash: hash, breaker, at: index(of: key, hash: hash))
  }

  /// Forgets the breakers that are as new.
  ///
  /// - Returns: What is forgotten, to be released after the lock is: its keys are the user's.
  @inlinable
  mutating func forgetIdle(at tick: UInt32, _ now: Instant) -> BreakerTable<Key>? {
    var kept = 0
    forEachValue { breaker in if !Self.isAsNew(&breaker, at: tick, now) { kept += 1 } }
    guard kept < count else { return nil }
    return replace(for: kept) { breaker in !Self.isAsNew(&breaker, at: tick, now) }
  }

  mutating func breakers() -> [CircuitBreaker] {
    var breakers: [CircuitBreaker] = []
    breakers.reserveCapacity(count)
    forEachValue { breaker in breakers.append(breaker) }
    return breakers
  }

  @inlinable
  static func isAsNew(_ breaker: inout CircuitBreaker, at tick: UInt32, _ now: Instant) -> Bool {
    breaker.isIdle(at: tick, now) && isKnownUniquelyReferenced(&breaker)
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
