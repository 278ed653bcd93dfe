/// Steps in a row, each with a reservation or without, of which any range is known, and can be moved, in
/// logarithmic time.
///
/// A complete binary tree in an array: node 1 is the root, 2i and 2i + 1 are below node i, and the leaves are
/// the row. A node is all that is below it, one after the other; what it is to be moved to as well it keeps
/// for those below, until somebody changes one of them.
struct StepsTree: Sendable {
  struct Node: Sendable, Equatable {
    var steps = Steps()
    /// From when the bucket would be full before it, when the last reservation of it is due.
    var due = Steps.none
    var permits = 0

    func followed(by next: Node) -> Node {
      let (sum, overflow) = permits.addingReportingOverflow(next.permits)
      return Node(
        steps: steps.followed(by: next.steps), due: due.larger(steps.followed(by: next.due)),
        permits: overflow ? .max : sum)
    }

    func moved(to instant: Int128) -> Node {
      Node(steps: steps.moved(to: instant), due: due.moved(to: instant), permits: permits)
    }
  }

  /// One position, and what comes before it.
  struct Place: Equatable {
    var position: Int
    /// When the bucket is full before it.
    var fullAt: Int128
    /// Permits of it and of all after it.
    var permits: Int
  }

  private var nodes: [Node] = []
  /// What those below a node have not been moved to yet.
  private var owed: [Int128] = []
  private(set) var count = 0

  init() {}

  /// A tree with room for `capacity`, a power of two.
  init(_ row: [Node], capacity: Int) {
    nodes = Array(repeating: Node(), count: 2 * capacity)
    owed = Array(repeating: Steps.longAgo, count: 2 * capacity)
    count = row.count
    for (position, node) in row.enumerated() { nodes[capacity + position] = node }
    for index in stride(from: capacity - 1, to: 0, by: -1) { join(index) }
  }

  var capacity: Int { nodes.count / 2 }

  /// All of it.
  var all: Node { nodes.isEmpty ? Node() : nodes[1] }

  /// Each position, from the first on.
  var row: [Node] {
    var tree = self
    for index in 1..<max(1, capacity) { tree.pay(index) }
    return Array(tree.nodes.dropFirst(capacity).prefix(count))
  }

  private mutating func join(_ index: Int) {
    nodes[index] = nodes[2 * index].followed(by: nodes[2 * index + 1])
  }
}

// MARK: - Asking

extension StepsTree {
  /// What is at a position, and when the bucket is full before it, if it is full at `fullAt` before all.
  func find(_ position: Int, from fullAt: Int128) -> (node: Node, fullAt: Int128) {
    var (index, size, fullAt, instant) = (1, capacity, fullAt, Steps.longAgo)
    while size > 1 {
      instant = max(instant, owed[index])
      (index, size) = (2 * index, size / 2)
      if position & size != 0 {
        fullAt = nodes[index].steps.moved(to: instant).applied(to: fullAt)
        index += 1
      }
    }
    return (nodes[index].moved(to: instant), fullAt)
  }

  /// The first position whose reservation is due after `now`; `nil` when there is none.
  func firstDue(after now: Int128, from fullAt: Int128) -> Place? {
    guard count > 0, nodes[1].due.applied(to: fullAt) > now else { return nil }
    var (index, fullAt, permits, instant) = (1, fullAt, 0, Steps.longAgo)
    while index < capacity {
      instant = max(instant, owed[index])
      index = 2 * index
      if nodes[index].due.moved(to: instant).applied(to: fullAt) > now {
        permits = permits.addingSaturated(nodes[index + 1].permits)
      } else {
        fullAt = nodes[index].steps.moved(to: instant).applied(to: fullAt)
        index += 1
      }
    }
    return Place(
      position: index - capacity, fullAt: fullAt, permits: permits.addingSaturated(nodes[index].permits))
  }
}

// MARK: - Changing

extension StepsTree {
  /// Appends to the row, which must have room.
  mutating func append(_ node: Node) {
    count += 1
    self[count - 1] = node
  }

  subscript(position: Int) -> Node {
    get { find(position, from: 0).node }
    set {
      let index = payDown(to: position)
      nodes[index] = newValue
      joinUp(from: index)
    }
  }

  /// Moves everything from a position on that can be moved, and happens before `instant`, there.
  mutating func move(from position: Int, to instant: Int128) {
    guard position < count else { return }
    var index = payDown(to: position)
    owe(instant, to: index)
    while index > 1 {
      if index & 1 == 0 { owe(instant, to: index + 1) }
      index /= 2
      join(index)
    }
  }

  /// Empties the row, and keeps its room.
  mutating func removeAll() {
    for index in nodes.indices { (nodes[index], owed[index]) = (Node(), Steps.longAgo) }
    count = 0
  }

  private mutating func owe(_ instant: Int128, to index: Int) {
    nodes[index] = nodes[index].moved(to: instant)
    owed[index] = max(owed[index], instant)
  }

  private mutating func pay(_ index: Int) {
    guard owed[index] > Steps.longAgo else { return }
    owe(owed[index], to: 2 * index)
    owe(owed[index], to: 2 * index + 1)
    owed[index] = Steps.longAgo
  }

  /// Pays what is owed on the way to a position.
  ///
  /// - Returns: Its index.
  private mutating func payDown(to position: Int) -> Int {
    let index = capacity + position
    for level in stride(from: capacity.trailingZeroBitCount, to: 0, by: -1) { pay(index >> level) }
    return index
  }

  private mutating func joinUp(from index: Int) {
    var index = index / 2
    while index > 0 {
      join(index)
      index /= 2
    }
  }
}

extension Int {
  fileprivate func addingSaturated(_ other: Int) -> Int {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? .max : sum
  }
}
