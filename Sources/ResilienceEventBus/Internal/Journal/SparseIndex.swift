internal import ResilienceCore

/// Where some of the batches of a segment begin: one in each so many bytes.
struct SparseIndex: Sendable {
  struct Entry: Sendable {
    let offset: Int64
    let position: Int
    let latestTimeBefore: UnixTime
  }

  private let step: Int
  private(set) var entries: [Entry] = []

  init(step: Int, capacity: Int = 0) {
    self.step = step
    entries.reserveCapacity(capacity)
  }

  mutating func add(_ offset: Int64, at position: Int, latestTimeBefore: UnixTime) {
    if let last = entries.last, position - last.position < step { return }
    entries.append(Entry(offset: offset, position: position, latestTimeBefore: latestTimeBefore))
  }

  /// Where to begin in order to find what has the offset.
  func position(of offset: Int64) -> Int? { last { $0.offset <= offset }?.position }

  /// Where to begin in order to find the first record of the time or a later one.
  func position(at time: UnixTime) -> Int? { last { $0.latestTimeBefore < time }?.position }

  private func last(where holds: (Entry) -> Bool) -> Entry? {
    var (low, high) = (0, entries.count)
    while low < high {
      let middle = (low + high) / 2
      if holds(entries[middle]) { low = middle + 1 } else { high = middle }
    }
    return low == 0 ? entries.first : entries[low - 1]
  }
}
