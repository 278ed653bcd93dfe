/// Things in the order they came, each of which may leave at any time: a doubly linked list in an array.
struct ArrivalList<Element> {
  private struct Node {
    var element: Element
    var previous: Int
    var next: Int
  }

  private static var none: Int { -1 }

  private var nodes: [Node] = []
  private var head = -1
  private var tail = -1
  /// The first place that is free; those behind it are linked by `next`.
  private var free = -1

  /// In their order.
  var all: [Element] {
    var (all, place) = ([Element](), head)
    while place != Self.none {
      all.append(nodes[place].element)
      place = nodes[place].next
    }
    return all
  }

  /// How many there is memory for: the most there were at one time.
  var memory: Int { nodes.count }

  var first: Element? { head == Self.none ? nil : nodes[head].element }

  /// - Returns: Its place, for ``remove(_:)``.
  mutating func append(_ element: Element) -> Int {
    let place: Int
    let node = Node(element: element, previous: tail, next: Self.none)
    if free == Self.none {
      place = nodes.count
      nodes.append(node)
    } else {
      place = free
      free = nodes[place].next
      nodes[place] = node
    }
    if tail == Self.none { head = place } else { nodes[tail].next = place }
    tail = place
    return place
  }

  mutating func remove(_ place: Int) {
    let (previous, next) = (nodes[place].previous, nodes[place].next)
    if previous == Self.none { head = next } else { nodes[previous].next = next }
    if next == Self.none { tail = previous } else { nodes[next].previous = previous }
    nodes[place].next = free
    free = place
  }

  /// The first that `isWanted`; those before it are looked at.
  func first(where isWanted: (Element) -> Bool) -> Element? {
    var place = head
    while place != Self.none {
      if isWanted(nodes[place].element) { return nodes[place].element }
      place = nodes[place].next
    }
    return nil
  }
}
