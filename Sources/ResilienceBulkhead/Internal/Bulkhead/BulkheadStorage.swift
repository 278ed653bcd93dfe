internal import ResilienceCore
public import Synchronization

/// What a bulkhead holds, apart from it, so that permits can be given back after the bulkhead is gone.
///
/// A permit has no reference of its own, which would cost two more atomic operations: what it takes of the
/// limit keeps the storage alive. When the bulkhead goes, the storage is guarded for good; whoever of those
/// still inside leaves last lets go of it.
@usableFromInline
final class BulkheadStorage: Sendable {
  @usableFromInline let name: String
  @usableFromInline let occupancy: Occupancy
  @usableFromInline let fastLimit: Atomic<Int>

  let waited = Atomic<Int>(0)
  let rejected = Atomic<Int>(0)
  let cancelled = Atomic<Int>(0)
  let eventQueue: EventQueue<BulkheadEvent>?
  private let guarded: Lock<Guarded>

  struct Guarded: Sendable {
    var machine: BulkheadStateMachine
    var limit: BulkheadLimit
    var adaptive: AdaptiveLimit?
    /// When somebody last left whom an adaptive limit has learned from.
    var lastMeasured = Instant.distantPast
    /// Whether the bulkhead is gone, and permits keep the storage.
    var isHeldByPermits = false

    /// Whether it decides, also when nobody waits: somebody learns, or permits keep the storage. Kept, as to
    /// ask the adaptive limit would copy it.
    var isAlwaysNeeded = false

    /// Whether the lock decides who enters and leaves.
    var isNeeded: Bool { isAlwaysNeeded || machine.waiting > 0 }
    var fullLimit: Int { adaptive?.fullLimit ?? machine.limit }
  }

  init(_ name: String, _ policy: BulkheadPolicy, _ eventQueue: EventQueue<BulkheadEvent>?) {
    self.name = name
    self.eventQueue = eventQueue
    var guarded = Guarded(
      machine: BulkheadStateMachine(limit: 1, maxWaiting: policy.maxWaiting, order: policy.order),
      limit: policy.limit)
    guarded.set(policy.limit)
    occupancy = Occupancy(guarded: guarded.isNeeded)
    fastLimit = Atomic(guarded.machine.limit)
    self.guarded = Lock(guarded)
  }

  /// The bulkhead is gone: whether permits keep the storage, the last of which lets go of it.
  func isLeftToPermits() -> Bool {
    withGuarded { guarded in
      guarded.isHeldByPermits = guarded.machine.inUse > 0
      if guarded.isHeldByPermits { guarded.isAlwaysNeeded = true }
      return guarded.isHeldByPermits
    }
  }

  @inlinable
  @inline(__always)
  func entersAtOnce(_ weight: Int) -> Bool {
    occupancy.tryEnter(weight, limit: fastLimit.load(ordering: .relaxed))
  }

  /// Leaves, unless somebody waits or learns.
  @inlinable
  @inline(__always)
  func leavesAtOnce(_ weight: Int) -> Bool {
    occupancy.tryLeave(weight)
  }

  /// Operates on the state with the lock held; the number that is inside moves into the machine and back.
  func withGuarded<Answer: Sendable>(_ operation: (inout Guarded) -> Answer) -> Answer {
    guarded.withLock { guarded in
      guarded.machine.inUse = occupancy.take()
      let answer = operation(&guarded)
      occupancy.release(guarded.machine.inUse, guarded: guarded.isNeeded)
      return answer
    }
  }
}
