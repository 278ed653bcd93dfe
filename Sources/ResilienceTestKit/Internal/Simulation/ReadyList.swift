/// What may be next, the oldest in front; any of it can be taken out.
struct ReadyList<Element> {
  private var storage: [Element?] = []
  private var head = 0

  var count: Int { storage.count - head }

  subscript(index: Int) -> Element {
    guard let element = storage[head + index] else { preconditionFailure("a gap in a list at \(index)") }
    return element
  }

  mutating func append(_ element: Element) {
    storage.append(element)
  }

  /// Takes one out; those in front of it go to the back, in their order.
  mutating func removeOvertaking(_ index: Int) -> Element {
    let element = self[index]
    storage.append(contentsOf: storage[head..<head + index])
    discard(index + 1)
    return element
  }

  /// Takes one out; the others keep their order.
  mutating func remove(at index: Int) -> Element {
    let element = self[index]
    storage.remove(at: head + index)
    discard(0)
    return element
  }

  private mutating func discard(_ count: Int) {
    for position in head..<head + count { storage[position] = nil }
    head += count
    if head == storage.count || head >= 64 && head * 2 >= storage.count {
      storage.removeFirst(head)
      head = 0
    }
  }

  func firstIndex(where matches: (Element) -> Bool) -> Int? {
    storage[head...].firstIndex { $0.map(matches) ?? false }.map { $0 - head }
  }
}
