import ResilienceTestKit
import Testing

@testable import ResilienceCore

@Suite struct TimerQueueTests {
  @Test(arguments: 0..<20 as Range<UInt64>)
  func agreesWithASortedListUnderRandomArmingAndDisarming(seed: UInt64) {
    let random = SeededRandomSource(seed: seed)
    let fired = Log<Int>()
    var queue = TimerQueue()
    var model: [(due: Int64, number: Int, token: TimerToken)] = []
    for number in 0..<500 {
      switch random.next(below: 4) {
      case 0, 1:
        let due = Int64(random.next(below: 50))
        let token = queue.arm(at: Instant(nanoseconds: due)) { fired.append(number) }
        model.append((due, number, token))
      case 2 where !model.isEmpty:
        let victim = model.remove(at: random.next(below: model.count))
        let (first, second) = (queue.disarm(victim.token) != nil, queue.disarm(victim.token) != nil)
        #expect(first && !second)
      default:
        model.sort { ($0.due, $0.number) < ($1.due, $1.number) }
        let earliest = queue.earliest
        #expect(earliest?.nanoseconds == model.first?.due)
        if let first = model.first {
          let early = queue.popDue(at: Instant(nanoseconds: first.due - 1))
          #expect(early == nil)
          let due = queue.popDue(at: Instant(nanoseconds: first.due))
          due?()
          #expect(fired.entries.last == first.number)
          model.removeFirst()
          let isPending = queue.disarm(first.token) != nil
          #expect(!isPending)
        }
      }
      let count = queue.count
      #expect(count == model.count)
    }
  }

  @Test func aTokenOfAGoneTimerDoesNotDisarmALaterOne() {
    var queue = TimerQueue()
    var gone: [TimerToken] = []
    for _ in 0..<100 {
      let token = queue.arm(at: Instant(nanoseconds: 5)) {}
      let revoked = gone.filter { queue.disarm($0) != nil }
      #expect(revoked.isEmpty)
      let wasPending = queue.disarm(token) != nil
      #expect(wasPending)
      gone.append(token)
    }
    #expect(Set(gone).count == 100)
    let wasPending = queue.disarm(TimerToken(id: .max)) != nil
    #expect(!wasPending)
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
