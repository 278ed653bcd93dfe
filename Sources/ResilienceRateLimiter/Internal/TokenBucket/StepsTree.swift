internal import ResilienceCore

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
      Node(
        steps: steps.followed(by: next.steps), due: due.larger(steps.followed(by: next.due)),
        permits: permits.addingSaturating(next.permits))
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

  private struct Cell: Sendable {
    var node = Node()
    /// What those below have not been moved to yet.
    var owed = Steps.longAgo
  }

  private var cells: [Cell] = []
  private(set) var count = 0

  init() {}

  /// A tree with room for `capacity`, a power of two.
  init(_ row: [Node], capacity: Int) {
    cells = Array(repeating: Cell(), count: 2 * capacity)
    count = row.count
    for (position, node) in row.enumerated() { cells[capacity + position].node = node }
    joinAll()
  }

  var capacity: Int { cells.count / 2 }

  /// All of it.
  var all: Node { count == 0 ? Node() : cells[1].node }

  /// Each position, from the first on.
  var row: [Node] {
    var tree = self
    tree.payAll()
    return tree.cells.dropFirst(capacity).prefix(count).map(\.node)
  }
}

// MARK: - Asking

extension StepsTree {
  /// What is at a position, and when the bucket is full before it, if it is full at `fullAt` before all.
  func find(_ position: Int, from fullAt: Int128) -> (node: Node, fullAt: Int128) {
    var (index, size, fullAt, instant) = (1, capacity, fullAt, Steps.longAgo)
    while size > 1 {
      instant = max(instant, cells[index].owed)
      (index, size) = (2 * index, size / 2)
      if position & size != 0 {
        fullAt = cells[index].node.steps.applied(to: fullAt, movedTo: instant)
        index += 1
      }
    }
    return (cells[index].node.moved(to: instant), fullAt)
  }

  /// The first position whose reservation is due after `now`; `nil` when there is none.
  func firstDue(after now: Int128, from fullAt: Int128) -> Place? {
    guard count > 0, cells[1].node.due.applied(to: fullAt) > now else { return nil }
    var (index, fullAt, permits, instant) = (1, fullAt, 0, Steps.longAgo)
    while index < capacity {
      instant = max(instant, cells[index].owed)
      index = 2 * index
      if cells[index].node.due.applied(to: fullAt, movedTo: instant) > now {
        permits = permits.addingSaturating(cells[index + 1].node.permits)
      } else {
        fullAt = cells[index].node.steps.applied(to: fullAt, movedTo: instant)
        index += 1
      }
    }
    return Place(
      position: index - capacity, fullAt: fullAt, permits: permits.addingSaturating(cells[index].node.permits)
    )
  }
}

// MARK: - Changing

extension StepsTree {
  /// Appends to the row, which must have room.
  mutating func append(_ node: Node) {
    count += 1
    replace(count - 1, node)
  }

  mutating func replace(_ position: Int, _ node: Node) {
    var index = payDown(to: position)
    cells[index].node = node
    while index > 1 {
      index /= 2
      join(index)
    }
  }

  /// Replaces what is at a position, and moves everything from there on that can be moved, and happens before
  /// `instant`, there.
  mutating func replace(_ position: Int, _ node: Node, movingOthersTo instant: Int128) {
    var index = payDown(to: position)
    cells[index].node = node.moved(to: instant)
    while index > 1 {
      if index & 1 == 0 { owe(instant, to: index + 1) }
      index /= 2
      join(index)
    }
  }

  /// Empties the row, and keeps its room.
  mutating func removeAll() {
    // The first of a row takes the place of one that was alone.
    if count > 1 {
      for index in cells.indices { cells[index] = Cell() }
    }
    count = 0
  }

  /// Drops some positions, with what happened at each before the next that stays.
  ///
  /// - Parameters:
  ///   - capacity: The room afterwards, a power of two, enough for those that stay.
  ///   - isKept: Is asked once for each position, in order.
  mutating func pack(capacity: Int, _ isKept: (_ position: Int) -> Bool) {
    payAll()
    let first = self.capacity
    var (kept, gone) = (0, Steps())
    for position in 0..<count {
      let node = cells[first + position].node
      cells[first + position] = Cell()
      if isKept(position) {
        cells[first + kept].node = Node(steps: gone).followed(by: node)
        (kept, gone) = (kept + 1, Steps())
      } else {
        gone = gone.followed(by: node.steps)
      }
    }
    count = kept
    if capacity != first {
      let row = cells[first..<first + kept]
      cells = Array(repeating: Cell(), count: 2 * capacity)
      cells.replaceSubrange(capacity..<capacity + kept, with: row)
    }
    joinAll()
  }

  private mutating func join(_ index: Int) {
    cells[index].node = cells[2 * index].node.followed(by: cells[2 * index + 1].node)
  }

  private mutating func joinAll() {
    for index in stride(from: capacity - 1, to: 0, by: -1) { join(index) }
  }

  private mutating func owe(_ instant: Int128, to index: Int) {
    cells[index].node = cells[index].node.moved(to: instant)
    cells[index].owed = max(cells[index].owed, instant)
  }

  private mutating func pay(_ index: Int) {
    let owed = cells[index].owed
    guard owed > Steps.longAgo else { return }
    owe(owed, to: 2 * index)
    owe(owed, to: 2 * index + 1)
    cells[index].owed = Steps.longAgo
  }

  private mutating func payAll() {
    for index in 1..<max(1, capacity) { pay(index) }
  }

  /// Pays what is owed on the way to a position.
  ///
  /// - Returns: Its index.
  private mutating func payDown(to position: Int) -> Int {
    let index = capacity + position
    var level = capacity.trailingZeroBitCount
    while level > 0 {
      pay(index >> level)
      level -= 1
    }
    return index
  }
}
