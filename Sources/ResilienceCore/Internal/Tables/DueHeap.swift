/// What waits for an instant, the earliest on top: an indexed binary heap.
///
/// Adding and taking back are O(log n), and what was taken back leaves nothing behind. What waits for the
/// same instant comes in the order of `rank`, then in that of adding.
///
/// An element keeps one slot while it waits; its handle is the slot and how often the slot was given out. The
/// heap holds plain numbers, so that moving them counts no references.
@usableFromInline
package struct DueHeap<Element> {
  @usableFromInline
  package struct Handle: Sendable, Hashable, BitwiseCopyable {
    @usableFromInline package let bits: UInt64

    @inlinable
    package init(bits: UInt64) {
      self.bits = bits
    }
  }

  @usableFromInline
  struct Entry: BitwiseCopyable {
    @usableFromInline let due: Instant
    @usableFromInline let rank: UInt64
    @usableFromInline let number: UInt64
    @usableFromInline let slot: Int

    @inlinable
    init(due: Instant, rank: UInt64, number: UInt64, slot: Int) {
      self.due = due
      self.rank = rank
      self.number = number
      self.slot = slot
    }

    @inlinable
    func precedes(_ other: Entry) -> Bool {
      if due != other.due { return due < other.due }
      return rank == other.rank ? number < other.number : rank < other.rank
    }
  }

  @usableFromInline
  struct Slot {
    @usableFromInline var element: Element?
    @usableFromInline var uses: UInt64 = 0
    @usableFromInline var position = 0

    @inlinable
    init() {}
  }

  @usableFromInline var heap: [Entry] = []
  @usableFromInline var slots: [Slot] = []
  @usableFromInline var freeSlots: [Int] = []
  @usableFromInline var nextNumber: UInt64 = 0

  @inlinable
  package init() {}

  @inlinable package var count: Int { heap.count }

  /// When the earliest is due; `nil` when there is none.
  @inlinable package var earliest: Instant? { heap.first?.due }

  /// The handle of the earliest; `nil` when there is none.
  @inlinable
  package var earliestHandle: Handle? {
    guard let first = heap.first else { return nil }
    return newestHandle(of: first.slot)
  }

  // MARK: - In and out

  @inlinable
  @discardableResult
  package mutating func insert(_ element: Element, due: Instant, rank: UInt64 = 0) -> Handle {
    let slot = takeSlot()
    slots[slot].element = element
    slots[slot].uses &+= 1
    let entry = Entry(due: due, rank: rank, number: nextNumber, slot: slot)
    nextNumber += 1
    heap.append(entry)
    siftUp(entry, from: heap.count - 1)
    return newestHandle(of: slot)
  }

  /// Takes the earliest out if it is due at `now`.
  @inlinable
  package mutating func popDue(at now: Instant) -> Element? {
    guard let first = heap.first, first.due <= now else { return nil }
    return remove(at: 0)
  }

  /// Takes one out; `nil` when it is not there any more.
  @inlinable
  @discardableResult
  package mutating func remove(_ handle: Handle) -> Element? {
    position(of: handle).flatMap { remove(at: $0) }
  }

  /// When it is due; `nil` when it is not there any more.
  @inlinable
  package func due(of handle: Handle) -> Instant? {
    position(of: handle).map { heap[$0].due }
  }

  // MARK: - Slots

  /// 28 bits: 268 million elements. The other 36 count uses, so that a slot's handles repeat after 68
  /// thousand million of them.
  @inlinable static var maximumSlots: UInt64 { 1 << 28 }

  @inlinable
  func newestHandle(of slot: Int) -> Handle {
    Handle(bits: slots[slot].uses &* Self.maximumSlots | UInt64(slot))
  }

  @inlinable
  func position(of handle: Handle) -> Int? {
    let slot = Int(handle.bits % Self.maximumSlots)
    guard slot < slots.count, slots[slot].element != nil, handle == newestHandle(of: slot) else { return nil }
    return slots[slot].position
  }

  @inlinable
  mutating func takeSlot() -> Int {
    if let slot = freeSlots.popLast() { return slot }
    precondition(slots.count < Self.maximumSlots, "\(slots.count) elements wait in a heap: it keeps no more")
    slots.append(Slot())
    return slots.count - 1
  }

  // MARK: - The heap

  @inlinable
  mutating func remove(at position: Int) -> Element? {
    let slot = heap[position].slot
    let element = slots[slot].element.take()
    freeSlots.append(slot)
    let last = heap.removeLast()
    if position < heap.count { siftUp(last, from: siftDown(last, from: position)) }
    return element
  }

  @inlinable
  mutating func place(_ entry: Entry, at position: Int) {
    heap[position] = entry
    slots[entry.slot].position = position
  }

  @inlinable
  mutating func siftUp(_ entry: Entry, from start: Int) {
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
  @inlinable
  mutating func siftDown(_ entry: Entry, from start: Int) -> Int {
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

extension DueHeap: Sendable where Element: Sendable {}

extension DueHeap.Entry: Sendable {}

extension DueHeap.Slot: Sendable where Element: Sendable {}
