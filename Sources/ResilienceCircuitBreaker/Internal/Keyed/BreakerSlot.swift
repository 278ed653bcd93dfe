public import ResilienceCore
internal import Synchronization

/// A key's breaker, and whether it can be forgotten.
///
/// Time is counted in 64ths of the idle time. A breaker that was not asked for during more than 64 of them is
/// as new; not while its open time lasts, and never if somebody else holds it, or told it by hand what to be.
@frozen
@usableFromInline
struct BreakerSlot<Key: Hashable & Sendable>: Sendable {
  @usableFromInline var breaker: CircuitBreaker
  @usableFromInline let key: Key
  @usableFromInline let hash: UInt32

  @inlinable
  init(_ breaker: CircuitBreaker, key: Key, hash: UInt32) {
    self.breaker = breaker
    self.key = key
    self.hash = hash
  }

  @inlinable
  mutating func canBeForgotten(at tick: UInt32, _ now: Instant) -> Bool {
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
