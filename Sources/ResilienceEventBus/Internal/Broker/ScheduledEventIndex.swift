internal import ResilienceCore

/// Where the events for later are in the log, and when they are due.
struct ScheduledEventIndex: Sendable {
  struct Slot: Sendable, Hashable {
    let offset: Int64
    let due: UnixTime
  }

  private var queue = DueHeap<Int64>()
  private var slots: [Int64: (due: UnixTime, handle: DueHeap<Int64>.Handle)] = [:]

  var count: Int { slots.count }

  /// When the earliest is due.
  var earliest: UnixTime? { queue.earliest.map { UnixTime(nanoseconds: $0.nanoseconds) } }

  /// All, in the order of the log. For maintenance.
  var all: [Slot] {
    slots.map { Slot(offset: $0.key, due: $0.value.due) }.sorted { $0.offset < $1.offset }
  }

  mutating func insert(_ offset: Int64, due: UnixTime) {
    guard slots[offset] == nil else { return }
    // Of one time the first stored comes first, also where they were read in another order.
    let handle = queue.insert(
      offset, due: Instant(nanoseconds: due.nanoseconds), rank: UInt64(clamping: offset))
    slots[offset] = (due, handle)
  }

  mutating func remove(_ offset: Int64) {
    guard let slot = slots.removeValue(forKey: offset) else { return }
    queue.remove(slot.handle)
  }

  /// Takes out what is due, the earliest first.
  mutating func takeDue(at now: UnixTime, limit: Int) -> [Slot] {
    var due: [Slot] = []
    while due.count < limit, let offset = queue.popDue(at: Instant(nanoseconds: now.nanoseconds)) {
      if let slot = slots.removeValue(forKey: offset) { due.append(Slot(offset: offset, due: slot.due)) }
    }
    return due
  }
}
