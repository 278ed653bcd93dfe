/// Offsets, the lowest first.
struct OffsetHeap: Sendable {
  private var offsets: [Int64] = []

  var isEmpty: Bool { offsets.isEmpty }

  mutating func insert(_ offset: Int64) {
    offsets.append(offset)
    var child = offsets.count - 1
    while child > 0, offsets[(child - 1) / 2] > offsets[child] {
      offsets.swapAt((child - 1) / 2, child)
      child = (child - 1) / 2
    }
  }

  mutating func popLowest() -> Int64? {
    guard let lowest = offsets.first, let last = offsets.popLast() else { return nil }
    guard !offsets.isEmpty else { return lowest }
    offsets[0] = last
    var parent = 0
    while true {
      var child = 2 * parent + 1
      guard child < offsets.count else { return lowest }
      if child + 1 < offsets.count, offsets[child + 1] < offsets[child] { child += 1 }
      guard offsets[child] < offsets[parent] else { return lowest }
      offsets.swapAt(child, parent)
      parent = child
    }
  }
}
