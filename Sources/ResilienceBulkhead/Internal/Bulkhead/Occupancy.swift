public import Synchronization

/// What is inside a bulkhead, in one atomic word.
///
/// ```
///               release(_:guarded: false)
///          ┌─────────────────────────────▶ open: the number that is inside
///       guarded                              │  tryEnter, tryLeave: number ─compare-exchange─▶ number
///          ▲                                 │
///          └─────────────────────────────────┘
///               take(): number + `guarded`
/// ```
///
/// While nobody waits and nobody learns it is open, and a call costs two exchanges. Guarded, it is above
/// every limit, so nobody enters or leaves by it: the bulkhead's lock decides, and only its holder writes.
@usableFromInline
struct Occupancy: ~Copyable, Sendable {
  @usableFromInline let word: Atomic<Int>
  @usableFromInline static var guarded: Int { 1 << 62 }

  init(guarded: Bool) {
    word = Atomic(guarded ? Self.guarded : 0)
  }

  var isGuarded: Bool { word.load(ordering: .relaxed) >= Self.guarded }

  @inlinable
  @inline(__always)
  func tryEnter(_ weight: Int, limit: Int) -> Bool {
    // One that is negative is above every limit too; no other overflows the sum.
    guard UInt(bitPattern: weight) <= UInt(bitPattern: limit) else { return false }
    var current = word.load(ordering: .relaxed)
    while current + weight <= limit {
      let (exchanged, original) = word.weakCompareExchange(
        expected: current, desired: current + weight, ordering: .acquiring)
      if exchanged { return true }
      current = original
    }
    return false
  }

  @inlinable
  @inline(__always)
  func tryLeave(_ weight: Int) -> Bool {
    var current = word.load(ordering: .relaxed)
    while current < Self.guarded {
      let (exchanged, original) = word.weakCompareExchange(
        expected: current, desired: current - weight, ordering: .releasing)
      if exchanged { return true }
      current = original
    }
    return false
  }

  // MARK: - With the lock held

  /// Guards the word; what is inside.
  func take() -> Int {
    word.bitwiseOr(Self.guarded, ordering: .acquiringAndReleasing).oldValue & ~Self.guarded
  }

  func release(_ number: Int, guarded: Bool) {
    word.store(number | (guarded ? Self.guarded : 0), ordering: .releasing)
  }
}
