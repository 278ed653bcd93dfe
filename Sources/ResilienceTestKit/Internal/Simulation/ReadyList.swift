/// What may be next, the oldest in front; any of it can be taken out. A ring.
struct ReadyList<Element> {
  // Its size is a power of two.
  private var ring: [Element?] = Array(repeating: nil, count: 8)
  private var head = 0
  private(set) var count = 0

  private func place(_ index: Int) -> Int { (head &+ index) & (ring.count &- 1) }

  subscript(index: Int) -> Element {
    guard let element = ring[place(index)] else { preconditionFailure("a gap in a list at \(index)") }
    return element
  }

  mutating func append(_ element: Element) {
    if count == ring.count { grow() }
    ring[place(count)] = element
    count += 1
  }

  private mutating func grow() {
    var larger: [Element?] = Array(repeating: nil, count: 2 * ring.count)
    for index in 0..<count { larger[index] = ring[place(index)].take() }
    ring = larger
    head = 0
  }

  /// Takes one out; those in front of it go to the back, in their order.
  mutating func removeOvertaking(_ index: Int) -> Element {
    guard let element = ring[place(index)].take() else { preconditionFailure("no element at \(index)") }
    // Where the ring is full, the first place behind the last is that of the first.
    for overtaken in 0..<index { ring[place(count + overtaken)] = ring[place(overtaken)].take() }
    head = place(index + 1)
    count -= 1
    return element
  }

  /// Takes one out; the others keep their order.
  mutating func remove(at index: Int) -> Element {
    guard let element = ring[place(index)].take() else { preconditionFailure("no element at \(index)") }
    for later in index + 1..<count { ring[place(later - 1)] = ring[place(later)].take() }
    count -= 1
    return element
  }

  func firstIndex(where matches: (Element) -> Bool) -> Int? {
    (0..<count).first { ring[place($0)].map(matches) ?? false }
  }
}
