/// Pending timers in the order they fall due: the state machine behind every clock.
///
/// An indexed binary heap: arming and cancelling are O(log n), and a cancelled timer leaves nothing behind.
/// Timers of one instant run in the order of `rank`, then of arming.
package struct TimerQueue: ~Copyable {
  private struct Entry {
    let due: Instant
    let rank: UInt64
    let id: UInt64
    let action: @Sendable () -> Void

    func precedes(_ other: Entry) -> Bool {
      (due.nanoseconds, rank, id) < (other.due.nanoseconds, other.rank, other.id)
    }
  }

  private var heap: [Entry] = []
  private var positions: [UInt64: Int] = [:]
  private var nextID: UInt64 = 1

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
    let id = nextID
    nextID += 1
    heap.append(Entry(due: due, rank: rank, id: id, action: action))
    positions[id] = heap.count - 1
    siftUp(from: heap.count - 1)
    return TimerToken(id: id)
  }

  /// Removes a timer; `nil` when it is not pending.
  ///
  /// - Returns: Its action, to be let go outside the owner's lock: it may hold the last reference to a user's object,
  ///   whose end may take back a timer of its own.
  package mutating func disarm(_ token: TimerToken) -> (@Sendable () -> Void)? {
    guard let position = positions[token.id] else { return nil }
    return remove(at: position).action
  }

  /// Removes and returns the earliest timer's action if it is due at `now`.
  package mutating func popDue(at now: Instant) -> (@Sendable () -> Void)? {
    guard let first = heap.first, first.due <= now else { return nil }
    return remove(at: 0).action
  }

  private mutating func remove(at position: Int) -> Entry {
    let removed = heap[position]
    positions[removed.id] = nil
    let last = heap.removeLast()
    if position < heap.count {
      place(last, at: position)
      siftDown(from: position)
      siftUp(from: position)
    }
    return removed
  }

  private mutating func place(_ entry: Entry, at position: Int) {
    heap[position] = entry
    positions[entry.id] = position
  }

  private mutating func siftUp(from start: Int) {
    var child = start
    let entry = heap[child]
    while child > 0 {
      let parent = (child - 1) / 2
      guard entry.precedes(heap[parent]) else { break }
      place(heap[parent], at: child)
      child = parent
    }
    place(entry, at: child)
  }

  private mutating func siftDown(from start: Int) {
    var parent = start
    let entry = heap[parent]
    while true {
      var child = 2 * parent + 1
      guard child < heap.count else { break }
      if child + 1 < heap.count, heap[child + 1].precedes(heap[child]) { child += 1 }
      guard heap[child].precedes(entry) else { break }
      place(heap[child], at: parent)
      parent = child
    }
    place(entry, at: parent)
  }
}
