/// The priorities with which somebody waits, each with the node of the oldest that does.
///
/// An AA tree in an array, whose node 0 stands for none: one, two or three priorities are as many nodes, and
/// with another one for each waiter it is as deep as the logarithm of their number.
struct PriorityLevels: Sendable {
  struct Level: Sendable, Equatable {
    let priority: Int
    var oldest: Int
  }

  private struct Node: Sendable {
    var level: Level
    /// How many steps down the lowest nodes are; 0 for none.
    var rank = 1
    var lower = 0
    var higher = 0
  }

  private var nodes: [Node] = []
  private var freeNodes: [Int] = []
  private var root = 0

  var highest: Level? {
    if root == 0 { return nil }
    var index = root
    while nodes[index].higher != 0 { index = nodes[index].higher }
    return nodes[index].level
  }

  var lowest: Level? { root == 0 ? nil : lowest(below: root) }

  /// How many nodes one looks at, at most, to find a priority.
  var depth: Int { depth(below: root) }

  /// From the highest on.
  var all: [Level] {
    var (all, above, index) = ([Level](), [Int](), root)
    while index != 0 || !above.isEmpty {
      while index != 0 {
        above.append(index)
        index = nodes[index].higher
      }
      index = above.removeLast()
      all.append(nodes[index].level)
      index = nodes[index].lower
    }
    return all
  }

  /// The oldest that waits with a priority; `nil` for one that nobody has.
  subscript(priority: Int) -> Int? {
    get {
      let index = find(priority)
      return index == 0 ? nil : nodes[index].level.oldest
    }
    set {
      let index = find(priority)
      if let newValue {
        if index == 0 {
          root = insert(makeNode(Level(priority: priority, oldest: newValue)), below: root)
        } else {
          nodes[index].level.oldest = newValue
        }
      } else if index != 0 {
        root = remove(priority, below: root)
      }
    }
  }

  private func find(_ priority: Int) -> Int {
    var index = root
    while index != 0, nodes[index].level.priority != priority {
      index = priority < nodes[index].level.priority ? nodes[index].lower : nodes[index].higher
    }
    return index
  }

  private func depth(below index: Int) -> Int {
    index == 0 ? 0 : 1 + max(depth(below: nodes[index].lower), depth(below: nodes[index].higher))
  }

  private func lowest(below index: Int) -> Level {
    var index = index
    while nodes[index].lower != 0 { index = nodes[index].lower }
    return nodes[index].level
  }

  private mutating func makeNode(_ level: Level) -> Int {
    if nodes.isEmpty { nodes.append(Node(level: Level(priority: 0, oldest: 0), rank: 0)) }
    guard let index = freeNodes.popLast() else {
      nodes.append(Node(level: level))
      return nodes.count - 1
    }
    nodes[index] = Node(level: level)
    return index
  }
}

// MARK: - Keeping the balance

extension PriorityLevels {
  // Each returns the node that is now where `index` was.

  private mutating func insert(_ new: Int, below index: Int) -> Int {
    if index == 0 { return new }
    if nodes[new].level.priority < nodes[index].level.priority {
      nodes[index].lower = insert(new, below: nodes[index].lower)
    } else {
      nodes[index].higher = insert(new, below: nodes[index].higher)
    }
    return split(skew(index))
  }

  private mutating func remove(_ priority: Int, below index: Int) -> Int {
    if priority < nodes[index].level.priority {
      nodes[index].lower = remove(priority, below: nodes[index].lower)
    } else if priority > nodes[index].level.priority {
      nodes[index].higher = remove(priority, below: nodes[index].higher)
    } else if nodes[index].lower == 0 {
      freeNodes.append(index)
      return nodes[index].higher
    } else {
      // The next higher one takes its place: a node that has a lower one has a higher one, too.
      nodes[index].level = lowest(below: nodes[index].higher)
      nodes[index].higher = remove(nodes[index].level.priority, below: nodes[index].higher)
    }
    return balanced(index)
  }

  private mutating func balanced(_ index: Int) -> Int {
    let rank = min(nodes[nodes[index].lower].rank, nodes[nodes[index].higher].rank) + 1
    guard rank < nodes[index].rank else { return index }
    nodes[index].rank = rank
    let higher = nodes[index].higher
    nodes[higher].rank = min(nodes[higher].rank, rank)
    let top = skew(index)
    nodes[top].higher = skew(nodes[top].higher)
    let next = nodes[top].higher
    if next != 0 { nodes[next].higher = skew(nodes[next].higher) }
    let result = split(top)
    nodes[result].higher = split(nodes[result].higher)
    return result
  }

  /// Turns a lower node of the same rank into a higher one.
  private mutating func skew(_ index: Int) -> Int {
    let lower = nodes[index].lower
    guard lower != 0, nodes[lower].rank == nodes[index].rank else { return index }
    nodes[index].lower = nodes[lower].higher
    nodes[lower].higher = index
    return lower
  }

  /// Lifts the middle one of three of the same rank.
  private mutating func split(_ index: Int) -> Int {
    let higher = nodes[index].higher
    guard higher != 0, nodes[nodes[higher].higher].rank == nodes[index].rank else { return index }
    nodes[index].higher = nodes[higher].lower
    nodes[higher].lower = index
    nodes[higher].rank += 1
    return higher
  }
}
