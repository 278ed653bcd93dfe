/// Pending timers in the order they fall due: the state machine behind the clocks of tests and
/// simulations, which need an exact order; the system's has ``TimerWheel``.
///
/// An indexed binary heap: arming and cancelling are O(log n), and a cancelled timer leaves nothing behind.
/// Timers of one instant run in the order of `rank`, then of arming.
///
/// A timer keeps one slot while it is pending; its token is the slot and how often the slot was given out.
/// The heap holds plain numbers, so that moving them counts no references.
package struct TimerQueue: ~Copyable {
  private struct Entry: BitwiseCopyable {
    let due: Instant
    let rank: UInt64
    let sequence: UInt64
    let slot: Int

    func precedes(_ other: Entry) -> Bool {
      if due != other.due { return due < other.due }
      return rank == other.rank ? sequence < other.sequence : rank < other.rank
    }
  }

  private struct Slot {
    var action: (@Sendable () -> Void)?
    var uses: UInt64 = 0
    var position = 0
  }

  private var heap: [Entry] = []
  private var slots: [Slot] = []
  private var freeSlots: [Int] = []
  private var nextSequence: UInt64 = 0

  package init() {}

  package var count: Int { heap.count }

  /// When the earliest timer is due; `nil` when there is none.
  package var earliest: Instant? { heap.first?.due }

  /// Adds a timer.
  ///
  /// - Parameter rank: Orders timers of one instant; a simulator draws it from its seed.
  package mutating func arm(
    at due: Instant, rank: UInt64 = 0, _ action: @escaping @Sendable () -> Void
  ) -> TimerToken {
    let slot = takeSlot()
    slots[slot].action = action
    slots[slot].uses &+= 1
    let entry = Entry(due: due, rank: rank, sequence: nextSequence, slot: slot)
    nextSequence += 1
    heap.append(entry)
    siftUp(entry, from: heap.count - 1)
    return token(of: slot)
  }

  /// Removes a timer; `nil` when it is not pending.
  ///
  /// - Returns: Its action, to be let go outside the owner's lock: it may hold the last reference to a user's
  ///   object, whose end may take back a timer of its own.
  package mutating func disarm(_ token: TimerToken) -> (@Sendable () -> Void)? {
    let slot = Int(token.id % Self.maximumSlots)
    guard slot < slots.count, slots[slot].action != nil, token == self.token(of: slot) else { return nil }
    return remove(at: slots[slot].position)
  }

  /// Removes and returns the earliest timer's action if it is due at `now`.
  package mutating func popDue(at now: Instant) -> (@Sendable () -> Void)? {
    guard let first = heap.first, first.due <= now else { return nil }
    return remove(at: 0)
  }

  /// 28 bits: 268 million pending timers. The other 36 count uses, so that a slot's tokens repeat after 68
  /// thousand million timers.
  private static var maximumSlots: UInt64 { 1 << 28 }

  private func token(of slot: Int) -> TimerToken {
    TimerToken(id: slots[slot].uses &* Self.maximumSlots | UInt64(slot))
  }

  private mutating func takeSlot() -> Int {
    if let slot = freeSlots.popLast() { return slot }
    precondition(slots.count < Self.maximumSlots, "\(slots.count) timers are pending: no clock keeps more")
    slots.append(Slot())
    return slots.count - 1
  }

  private mutating func remove(at position: Int) -> (@Sendable () -> Void)? {
    let slot = heap[position].slot
    let action = slots[slot].action.take()
    freeSlots.append(slot)
    let last = heap.removeLast()
    if position < heap.count {
      siftUp(last, from: siftDown(last, from: position))
    }
    return action
  }

  private mutating func place(_ entry: Entry, at position: Int) {
    heap[position] = entry
    slots[entry.slot].position = position
  }

  private mutating func siftUp(_ entry: Entry, from start: Int) {
    var child = start
    while child > 0 {
      let parent = (child - 1) / 2
      guard entry.precedes(heap[parent]) else { break }
      place(heap[parent], at: child)
      child = parent
    }
    place(entry, at: child)
  }

  /// Makes room for `entry` at `start` or below it; it is not placed.
  private mutating func siftDown(_ entry: Entry, from start: Int) -> Int {
    var parent = start
    while true {
      var child = 2 * parent + 1
      guard child < heap.count else { break }
      if child + 1 < heap.count, heap[child + 1].precedes(heap[child]) { child += 1 }
      guard heap[child].precedes(entry) else { break }
      place(heap[child], at: parent)
      parent = child
    }
    return parent
  }
}
