internal import ResilienceCore

/// Lanes that wait, the one that is due first on top; those of one instant in the order they came.
struct DueHeap {
  private struct Entry {
    let due: Instant
    let order: UInt64
    let lane: Int

    func precedes(_ other: Entry) -> Bool {
      (due.nanoseconds, order) < (other.due.nanoseconds, other.order)
    }
  }

  private var heap: [Entry] = []
  private var nextOrder: UInt64 = 0

  var count: Int { heap.count }
  var earliest: Instant? { heap.first?.due }

  mutating func insert(lane: Int, due: Instant) {
    heap.append(Entry(due: due, order: nextOrder, lane: lane))
    nextOrder += 1
    var child = heap.count - 1
    while child > 0, heap[child].precedes(heap[(child - 1) / 2]) {
      heap.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  mutating func popDue(at now: Instant) -> Int? {
    guard let first = heap.first, first.due <= now else { return nil }
    heap.swapAt(0, heap.count - 1)
    heap.removeLast()
    var parent = 0
    while let child = earlierChild(of: parent), heap[child].precedes(heap[parent]) {
      heap.swapAt(child, parent)
      parent = child
    }
    return first.lane
  }

  mutating func removeAll() {
    heap.removeAll()
  }

  private func earlierChild(of parent: Int) -> Int? {
    let left = 2 * parent + 1
    guard left < heap.count else { return nil }
    return left + 1 < heap.count && heap[left + 1].precedes(heap[left]) ? left + 1 : left
  }
}
