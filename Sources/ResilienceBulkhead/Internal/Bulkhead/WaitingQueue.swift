internal import ResilienceCore

/// The calls that wait for one bulkhead, in the order in which they will go in.
///
/// A doubly linked list for each priority, in one array of nodes: whoever leaves, wherever he stands, leaves
/// in constant time.
struct WaitingQueue: Sendable {
  struct Place: Sendable {
    let id: UInt64
    let claim: BulkheadClaim
    /// Granted when the call is inside.
    let turn: Waiter
    fileprivate let node: Int
  }

  private struct Node {
    var place: Place?
    var ahead = -1
    var behind = -1
  }

  private struct Level {
    let priority: Int
    var first: Int
    var last: Int
  }

  private let order: BulkheadOrder
  private var nodes: [Node] = []
  private var freeNodes: [Int] = []
  // The highest first.
  private var levels: [Level] = []
  private var nextID: UInt64 = 1
  private(set) var count = 0

  init(_ order: BulkheadOrder) {
    self.order = order
  }

  var isEmpty: Bool { count == 0 }

  /// Whose turn is next.
  var first: Place? { levels.first.flatMap { nodes[$0.first].place } }

  /// Whose turn is the last.
  var last: Place? { levels.last.flatMap { nodes[$0.last].place } }

  /// Whether a newcomer's turn would come before that of the last.
  func wouldPassLast(_ priority: Int) -> Bool {
    guard let lowest = levels.last else { return false }
    return order == .fifo ? priority > lowest.priority : priority >= lowest.priority
  }

  mutating func insert(_ claim: BulkheadClaim) -> Place {
    let node = takeNode()
    let place = Place(id: nextID, claim: claim, turn: Waiter("Bulkhead.enter"), node: node)
    nextID += 1
    count += 1
    nodes[node] = Node(place: place)
    let position = levels.firstIndex { $0.priority <= claim.priority } ?? levels.count
    if position < levels.count, levels[position].priority == claim.priority {
      link(node, in: position)
    } else {
      levels.insert(Level(priority: claim.priority, first: node, last: node), at: position)
    }
    return place
  }

  /// Takes a place out of the queue; `false` when it is not in it any more.
  @discardableResult
  mutating func remove(_ place: Place) -> Bool {
    guard nodes[place.node].place?.id == place.id else { return false }
    let node = nodes[place.node]
    if node.ahead >= 0 { nodes[node.ahead].behind = node.behind }
    if node.behind >= 0 { nodes[node.behind].ahead = node.ahead }
    if node.ahead < 0 || node.behind < 0 { shrinkLevel(of: place, node) }
    nodes[place.node] = Node()
    freeNodes.append(place.node)
    count -= 1
    return true
  }

  private mutating func link(_ node: Int, in level: Int) {
    if order == .fifo {
      let last = levels[level].last
      nodes[last].behind = node
      nodes[node].ahead = last
      levels[level].last = node
    } else {
      let first = levels[level].first
      nodes[first].ahead = node
      nodes[node].behind = first
      levels[level].first = node
    }
  }

  private mutating func shrinkLevel(of place: Place, _ node: Node) {
    guard let level = levels.firstIndex(where: { $0.priority == place.claim.priority }) else { return }
    if node.ahead < 0 { levels[level].first = node.behind }
    if node.behind < 0 { levels[level].last = node.ahead }
    if levels[level].first < 0 { levels.remove(at: level) }
  }

  private mutating func takeNode() -> Int {
    if let node = freeNodes.popLast() { return node }
    nodes.append(Node())
    return nodes.count - 1
  }
}
