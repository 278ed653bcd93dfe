public import ResilienceCore

/// The breakers of some of a table's keys, found by open addressing.
///
/// Hashes are kept, so that moving slots hashes no key: that is the user's code, and a lock is held.
@frozen
@usableFromInline
struct BreakerShard<Key: Hashable & Sendable>: Sendable {
  @usableFromInline var slots: [BreakerSlot<Key>?] = []
  @usableFromInline var count = 0

  @inlinable
  init() {}

  @inlinable var breakers: [CircuitBreaker] { slots.compactMap { $0?.breaker } }

  @inlinable
  func knows(_ key: Key, hash: UInt32) -> Bool { !slots.isEmpty && slots[index(of: key, hash: hash)] != nil }

  /// The breaker of a key, unless it is as new.
  @inlinable
  @inline(__always)
  mutating func find(_ key: Key, hash: UInt32, at tick: UInt32, _ now: Instant) -> CircuitBreaker? {
    guard !slots.isEmpty else { return nil }
    let index = index(of: key, hash: hash)
    guard slots[index]?.canBeForgotten(at: tick, now) == false else { return nil }
    let breaker = slots[index]?.breaker
    breaker?.wasAsked(at: tick)
    return breaker
  }

  /// Puts a breaker in, for the one that the key has or has not.
  @inlinable
  mutating func put(_ breaker: CircuitBreaker, for key: Key, hash: UInt32, at tick: UInt32) {
    breaker.wasAsked(at: tick)
    guard !knows(key, hash: hash) else {
      slots[index(of: key, hash: hash)]?.breaker = breaker
      return
    }
    if (count + 1) * 5 > slots.count * 4 {
      var old = replaceSlots(for: count + 1)
      for index in old.indices { move(&old[index]) }
    }
    var slot: BreakerSlot? = BreakerSlot(breaker, key: key, hash: hash)
    move(&slot)
  }

  /// Forgets the breakers that are as new.
  ///
  /// - Returns: What is forgotten, to be released after the lock is: its keys are the user's.
  @inlinable
  mutating func sweep(at tick: UInt32, _ now: Instant) -> [BreakerSlot<Key>?] {
    var kept = 0
    for index in slots.indices where slots[index]?.canBeForgotten(at: tick, now) == false { kept += 1 }
    guard kept < count else { return [] }
    var old = replaceSlots(for: kept)
    for index in old.indices where old[index]?.canBeForgotten(at: tick, now) == false { move(&old[index]) }
    return old
  }
}

// MARK: - Slots

extension BreakerShard {
  /// The slot of the key, or the free one where it belongs. At least one slot is always free.
  @inlinable
  @inline(__always)
  func index(of key: Key, hash: UInt32) -> Int {
    var index = home(of: hash)
    while let slot = slots[index], slot.hash != hash || slot.key != key { index = self.index(after: index) }
    return index
  }

  @inlinable
  mutating func move(_ slot: inout BreakerSlot<Key>?) {
    guard let hash = slot?.hash else { return }
    var index = home(of: hash)
    while slots[index] != nil { index = self.index(after: index) }
    // Moved, not copied: what is left is what is forgotten.
    slots[index] = slot.take()
    count += 1
  }

  /// Puts empty slots in, of which so many fill three fifths, and which can be filled to four fifths.
  @inlinable
  mutating func replaceSlots(for kept: Int) -> [BreakerSlot<Key>?] {
    var slots = [BreakerSlot<Key>?](repeating: nil, count: kept == 0 ? 0 : kept * 5 / 3 + 2)
    swap(&self.slots, &slots)
    count = 0
    return slots
  }

  @inlinable
  func home(of hash: UInt32) -> Int {
    Int(truncatingIfNeeded: (UInt64(hash) &* UInt64(slots.count)) &>> 32)
  }

  @inlinable
  func index(after index: Int) -> Int { index &+ 1 == slots.count ? 0 : index &+ 1 }
}
