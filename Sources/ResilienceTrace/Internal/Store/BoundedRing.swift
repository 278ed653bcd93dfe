/// The last `capacity` elements that were appended; with a capacity of 0 none are.
///
/// They are kept in chunks that do not change once they are full. A copy is a few references, and the next
/// append copies one chunk at the most: a reader does not make the writers pay for everything that is kept.
struct BoundedRing<Element: Sendable>: Sendable {
  let capacity: Int
  private let chunkSize: Int
  private var full: [[Element]] = []
  private var current: [Element] = []
  private(set) var appended = 0

  init(capacity: Int) {
    self.capacity = capacity
    chunkSize = max(1, min(capacity, 512))
    current.reserveCapacity(chunkSize)
  }

  var count: Int { min(appended, capacity) }
  var dropped: Int { appended - count }

  /// - Returns: A chunk that made room, for the owner to release outside its lock.
  @inline(__always)
  mutating func append(_ element: Element) -> [Element]? {
    current.append(element)
    appended += 1
    return current.count < chunkSize ? nil : turnOver()
  }

  @inline(never)
  private mutating func turnOver() -> [Element]? {
    full.append(current)
    current = []
    current.reserveCapacity(chunkSize)
    return (full.count - 1) * chunkSize >= capacity ? full.removeFirst() : nil
  }

  /// Oldest first.
  var ordered: [Element] {
    Array((full.joined() + current).suffix(capacity))
  }
}
