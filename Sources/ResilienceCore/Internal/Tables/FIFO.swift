/// A queue in an array: first in, first out, amortised O(1).
@usableFromInline
package struct FIFO<Element> {
  @usableFromInline var storage: [Element?] = []
  @usableFromInline var head = 0

  @inlinable
  package init() {}

  @inlinable package var count: Int { storage.count - head }
  @inlinable package var isEmpty: Bool { storage.count == head }

  /// The front element; there must be one.
  @inlinable
  package var front: Element {
    get {
      guard head < storage.count, let element = storage[head] else {
        preconditionFailure("the front of an empty queue")
      }
      return element
    }
    set { storage[head] = newValue }
  }

  /// The element that is so many behind the front; there must be one.
  @inlinable
  package subscript(offset: Int) -> Element {
    get {
      guard let element = storage[head + offset] else { preconditionFailure("beyond the end of a queue") }
      return element
    }
    set { storage[head + offset] = newValue }
  }

  @inlinable
  package mutating func append(_ element: Element) {
    storage.append(element)
  }

  @inlinable
  package mutating func prepend(_ element: Element) {
    if head > 0 {
      head -= 1
      storage[head] = element
    } else {
      storage.insert(element, at: 0)
    }
  }

  @inlinable
  package mutating func popFirst() -> Element? {
    guard head < storage.count else { return nil }
    if storage.count == 1 {
      head = 0
      return storage.removeLast()
    }
    let element = storage[head].take()
    head += 1
    if head == storage.count {
      // A burst's memory is given back; a usual queue's is kept.
      storage.removeAll(keepingCapacity: storage.count <= 64)
      head = 0
    } else if head >= 64, head * 2 >= storage.count {
      storage.removeFirst(head)
      head = 0
    }
    return element
  }

  /// The newest element, for whoever serves in the other order.
  package mutating func popLast() -> Element? {
    guard head < storage.count, let element = storage.removeLast() else { return nil }
    if head == storage.count {
      storage.removeAll(keepingCapacity: storage.capacity <= 64)
      head = 0
    }
    return element
  }

  @inlinable
  package mutating func removeAll(where shouldRemove: (Element) -> Bool) {
    storage.removeSubrange(..<head)
    head = 0
    storage.removeAll { $0.map(shouldRemove) ?? true }
  }

  /// All elements, front first.
  @inlinable package var elements: [Element] { storage[head...].compactMap { $0 } }
}

extension FIFO: Sendable where Element: Sendable {}
