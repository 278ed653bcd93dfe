import ResilienceTestKit
import Testing

@testable import ResilienceCore

@Suite struct TimerQueueTests {
  @Test(arguments: 0..<20 as Range<UInt64>)
  func agreesWithASortedListUnderRandomArmingAndDisarming(seed: UInt64) {
    let random = SeededRandomSource(seed: seed)
    let fired = Log<Int64>()
    var queue = TimerQueue()
    var model: [(due: Int64, token: TimerToken)] = []
    for _ in 0..<500 {
      switch random.next(below: 4) {
      case 0, 1:
        let due = Int64(random.next(below: 50))
        let token = queue.arm(at: Instant(nanoseconds: due)) { fired.append(due) }
        model.append((due, token))
      case 2 where !model.isEmpty:
        let victim = model.remove(at: random.next(below: model.count))
        let (first, second) = (queue.disarm(victim.token) != nil, queue.disarm(victim.token) != nil)
        #expect(first && !second)
      default:
        model.sort { ($0.due, $0.token.id) < ($1.due, $1.token.id) }
        let earliest = queue.earliest
        #expect(earliest?.nanoseconds == model.first?.due)
        if let first = model.first {
          let early = queue.popDue(at: Instant(nanoseconds: first.due - 1))
          #expect(early == nil)
          let due = queue.popDue(at: Instant(nanoseconds: first.due))
          due?()
          #expect(fired.entries.last == first.due)
          model.removeFirst()
          let isPending = queue.disarm(first.token) != nil
          #expect(!isPending)
        }
      }
      let count = queue.count
      #expect(count == model.count)
    }
  }

  @Test func timersOfOneInstantRunByRankThenByArming() {
    var queue = TimerQueue()
    let order = Log<String>()
    let due = Instant(nanoseconds: 5)
    for (name, rank) in [("c", 2), ("a", 1), ("b", 1)] as [(String, UInt64)] {
      _ = queue.arm(at: due, rank: rank) { order.append(name) }
    }
    while let action = queue.popDue(at: due) { action() }
    #expect(order.entries == ["a", "b", "c"])
  }
}
