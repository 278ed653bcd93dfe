import ResilienceTestKit
import Testing

@testable import ResilienceRateLimiter

@Suite struct StepsTreeTests {
  private typealias Node = StepsTree.Node

  @Test(arguments: [-50, 0, 7, 90] as [Int128], [(3, 10), (-4, 80), (25, -60)] as [(Int128, Int128)])
  func stepsComposeAndCompare(x: Int128, values: (sum: Int128, floor: Int128)) {
    let first = Steps(sum: values.sum, floor: values.floor)
    let second = Steps(sum: 6, floor: 40)
    #expect(first.applied(to: x) == max(x + values.sum, values.floor))
    #expect(first.followed(by: second).applied(to: x) == second.applied(to: first.applied(to: x)))
    #expect(first.larger(second).applied(to: x) == max(first.applied(to: x), second.applied(to: x)))
    #expect(Steps().applied(to: x) == x)
    #expect(Steps.none.larger(first) == first)
  }

  @Test func whatHasALeadIsMovedAndNothingElse() {
    let movable = Steps(sum: 5, floor: 15, lead: 5)
    #expect(movable.moved(to: 30) == Steps(sum: 5, floor: 35, lead: 5))
    #expect(movable.moved(to: 3) == movable)
    #expect(Steps.taking(5, at: 10).moved(to: 30) == Steps.taking(5, at: 10))
    // Moved after another one, it lies at least as high as if it were alone.
    #expect(movable.followed(by: .taking(2, at: 0)).moved(to: 30).floor == 37)
  }

  /// Against a list that is looked through.
  @Test(arguments: 0..<30 as Range<UInt64>)
  func doesWhatAListDoes(seed: UInt64) {
    let random = SeededRandomSource(seed: seed)
    var list: [Node] = []
    let capacity = 1 << random.next(below: 7)
    var tree = StepsTree([], capacity: capacity)
    var now: Int128 = 0
    for _ in 0..<400 {
      now += Int128(random.next(below: 5))
      let node = Self.node(random, at: now)
      switch random.next(below: 8) {
      case 0...3 where list.count < capacity:
        list.append(node)
        tree.append(node)
      case 4 where !list.isEmpty:
        let position = random.next(below: list.count)
        list[position] = node
        tree.replace(position, node)
      case 5, 6:
        guard !list.isEmpty else { continue }
        let first = random.next(below: list.count)
        list[first] = node
        for position in first..<list.count { list[position] = list[position].moved(to: now) }
        tree.replace(first, node, movingOthersTo: now)
      case 7 where random.next(below: 100) == 0:
        list = []
        tree.removeAll()
      case 7 where random.next(below: 20) == 0:
        let kept = list.indices.map { _ in random.next(below: 2) == 0 }
        list = packed(list, kept)
        tree.pack(capacity: capacity) { kept[$0] }
      default: break
      }
      check(tree, list, from: now - 20 + Int128(random.next(below: 60)), seed)
    }
  }

  private static func node(_ random: SeededRandomSource, at now: Int128) -> Node {
    let cost = Int128(random.next(below: 9))
    switch random.next(below: 3) {
    case 0: return Node(steps: .taking(cost, at: now))
    case 1: return Node(steps: Steps(sum: -cost))
    default:
      let steps = Steps(sum: cost, floor: now + cost, lead: cost)
      return Node(steps: steps, due: Steps(sum: cost - 6, floor: now, lead: 0), permits: 1 + Int(cost))
    }
  }

  private func packed(_ list: [Node], _ kept: [Bool]) -> [Node] {
    var (packed, gone) = ([Node](), Steps())
    for (node, isKept) in zip(list, kept) {
      if isKept { packed.append(Node(steps: gone).followed(by: node)) }
      gone = isKept ? Steps() : gone.followed(by: node.steps)
    }
    return packed
  }

  private func check(_ tree: StepsTree, _ list: [Node], from start: Int128, _ seed: UInt64) {
    var fullAt = start
    var first: StepsTree.Place?
    let limit = start + 5
    for (position, node) in list.enumerated() {
      let found = tree.find(position, from: start)
      #expect(found.fullAt == fullAt, "seed \(seed), position \(position)")
      #expect(found.node == node, "seed \(seed), position \(position)")
      if first == nil, node.due.applied(to: fullAt) > limit {
        let permits = list[position...].reduce(0) { $0 + $1.permits }
        first = StepsTree.Place(position: position, fullAt: fullAt, permits: permits)
      }
      fullAt = node.steps.applied(to: fullAt)
    }
    #expect(tree.firstDue(after: limit, from: start) == first, "seed \(seed)")
    #expect(tree.all.steps.applied(to: start) == fullAt, "seed \(seed)")
    #expect(tree.row == list, "seed \(seed)")
  }

  @Test func permitsOfManyAreNoMoreThanCanBeCounted() {
    let all = Node(due: Steps(floor: 10), permits: .max)
    let tree = StepsTree([all, all, all], capacity: 4)
    #expect(tree.all.permits == .max)
    #expect(tree.firstDue(after: 0, from: 0) == StepsTree.Place(position: 0, fullAt: 0, permits: .max))
  }
}
