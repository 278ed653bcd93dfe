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

  /// Takes one out; the others keep their order. The front costs nothing, the rest half of the list at most.
  mutating func remove(at index: Int) -> Element {
    let element = self[index]
    if index < count / 2 || index == 0 {
      for position in stride(from: head + index, to: head, by: -1) { storage[position] = storage[position - 1] }
      storage[head] = nil
      head += 1
    } else {
      storage.remove(at: head + index)
    }
    if head == storage.count || head >= 64 && head * 2 >= storage.count {
      storage.removeFirst(head)
      head = 0
    }
    return element
  }

  func firstIndex(where matches: (Element) -> Bool) -> Int? {
    storage[head...].firstIndex { $0.map(matches) ?? false }.map { $0 - head }
  }
}
