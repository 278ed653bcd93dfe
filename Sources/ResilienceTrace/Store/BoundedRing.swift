/// The last `capacity` elements that were appended.
struct BoundedRing<Element> {
  let capacity: Int
  private var elements: [Element] = []
  private(set) var appended = 0

  init(capacity: Int) {
    self.capacity = capacity
    // Growing later would copy everything under the owner's lock; memory that is not touched costs nothing.
    elements.reserveCapacity(capacity)
  }

  var count: Int { elements.count }
  var dropped: Int { appended - elements.count }

  @inline(__always)
  mutating func append(_ element: Element) {
    let slot = appended % capacity
    appended += 1
    if slot < elements.count {
      elements[slot] = element
    } else {
      elements.append(element)
    }
  }

  /// Appends, and returns the element that made room.
  mutating func exchange(_ element: Element) -> Element? {
    let slot = appended % capacity
    let replaced = slot < elements.count ? elements[slot] : nil
    append(element)
    return replaced
  }

  /// Oldest first.
  var ordered: [Element] {
    let oldest = appended % capacity
    return elements.count < capacity ? elements : Array(elements[oldest...] + elements[..<oldest])
  }
}
