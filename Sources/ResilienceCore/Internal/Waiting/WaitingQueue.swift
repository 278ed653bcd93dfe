/// The calls that wait for one thing, each for so much of it, in the order in which their turns come: by
/// priority, then by arrival.
///
/// A ring of places for each priority, in one array of nodes: whoever leaves, wherever it stands, leaves in
/// constant time, once its priority is found among those that somebody has. A ring is in the order of
/// arrival, from the oldest to the newest, whichever of them comes first.
@usableFromInline
package struct WaitingQueue: Sendable {
  /// Which of those of one priority comes first.
  package enum Order: Sendable {
    case oldestFirst
    case newestFirst
  }

  @usableFromInline
  package struct Place: Sendable {
    package let number: UInt64
    package let amount: Int
    package let priority: Int
    package let deadline: Deadline
    package let turn: Waiter
    fileprivate let node: Int
  }

  private struct Node {
    var place: Place?
    var ahead: Int
    var behind: Int
  }

  private let purpose: StaticString
  package var order: Order
  private var nodes: [Node] = []
  private var freeNodes: [Int] = []
  private var levels = PriorityLevels()
  private var lastNumber: UInt64 = 0
  @usableFromInline package private(set) var count = 0
  /// What all that wait are waiting for.
  package private(set) var amount = 0

  /// - Parameter purpose: As in ``Waiter``.
  package init(_ purpose: StaticString, _ order: Order = .oldestFirst) {
    self.purpose = purpose
    self.order = order
  }

  /// How many places there is memory for.
  var nodeCount: Int { nodes.count }

  // Asked by calls that need not wait, too.
  @inlinable package var isEmpty: Bool { count == 0 }

  /// Whose turn is next.
  @inlinable package var first: Place? { isEmpty ? nil : head }

  @usableFromInline var head: Place? {
    levels.highest.flatMap { nodes[order == .oldestFirst ? $0.oldest : newest($0)].place }
  }

  /// Whose turn is the last.
  package var last: Place? {
    levels.lowest.flatMap { nodes[order == .oldestFirst ? newest($0) : $0.oldest].place }
  }

  private func newest(_ level: PriorityLevels.Level) -> Int { nodes[level.oldest].ahead }

  /// All, in the order of their turns.
  package var places: [Place] {
    levels.all.flatMap { level in
      let places = sequence(first: level.oldest) { [nodes] node in
        nodes[node].behind == level.oldest ? nil : nodes[node].behind
      }.compactMap { nodes[$0].place }
      return order == .oldestFirst ? places : places.reversed()
    }
  }

  /// Whether a newcomer's turn would come before that of the last.
  package func wouldPassLast(_ priority: Int) -> Bool {
    guard let lowest = levels.lowest else { return false }
    return order == .oldestFirst ? priority > lowest.priority : priority >= lowest.priority
  }

  // MARK: - In and out

  package mutating func insert(_ amount: Int, priority: Int = 0, until deadline: Deadline = .never) -> Place {
    lastNumber += 1
    let node = freeNodes.popLast() ?? nodes.count
    let place = Place(
      number: lastNumber, amount: amount, priority: priority, deadline: deadline, turn: Waiter(purpose),
      node: node)
    let alone = Node(place: place, ahead: node, behind: node)
    if node == nodes.count { nodes.append(alone) } else { nodes[node] = alone }
    count += 1
    self.amount += amount
    if let oldest = levels[priority] { link(node, before: oldest) } else { levels[priority] = node }
    return place
  }

  /// Takes a place out of the queue; `false` when it is not in it any more.
  @discardableResult
  package mutating func remove(_ place: Place) -> Bool {
    guard place.node < nodes.count, nodes[place.node].place?.number == place.number else { return false }
    let node = nodes[place.node]
    nodes[node.ahead].behind = node.behind
    nodes[node.behind].ahead = node.ahead
    if node.behind == place.node {
      levels[place.priority] = nil
    } else if levels[place.priority] == place.node {
      levels[place.priority] = node.behind
    }
    nodes[place.node].place = nil
    freeNodes.append(place.node)
    count -= 1
    amount -= place.amount
    if isEmpty, nodes.count > 64 {
      // A burst's memory is given back; a usual queue's is kept.
      nodes = []
      freeNodes = []
      levels = PriorityLevels()
    }
    return true
  }

  private mutating func link(_ node: Int, before next: Int) {
    let previous = nodes[next].ahead
    nodes[node].ahead = previous
    nodes[node].behind = next
    nodes[previous].behind = node
    nodes[next].ahead = node
  }
}
