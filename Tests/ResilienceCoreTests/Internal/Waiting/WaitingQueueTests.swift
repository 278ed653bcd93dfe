import ResilienceTestKit
import Testing

@testable import ResilienceCore

@Suite struct WaitingQueueTests {
  typealias Order = WaitingQueue.Order

  @Test(arguments: [(Order.oldestFirst, [4, 2, 6, 1, 3, 5]), (.newestFirst, [4, 6, 2, 5, 3, 1])])
  func higherPrioritiesComeFirstAndEqualsInOrder(order: Order, expected: [UInt64]) {
    var queue = WaitingQueue("test", order)
    for priority in [0, 1, 0, 2, 0, 1] { _ = queue.insert(1, priority: priority) }
    #expect(queue.places.map(\.number) == expected)
    var numbers: [UInt64] = []
    while let first = queue.first {
      numbers.append(first.number)
      queue.remove(first)
    }
    #expect(numbers == expected)
    #expect(queue.isEmpty && queue.last == nil && queue.places.isEmpty)
  }

  @Test func anotherOrderHoldsForThoseThatWaitAlready() {
    var queue = WaitingQueue("test", .oldestFirst)
    for priority in [0, 1, 0, 2, 0, 1] { _ = queue.insert(1, priority: priority) }
    queue.order = .newestFirst
    #expect(queue.places.map(\.number) == [4, 6, 2, 5, 3, 1])
    #expect((queue.first?.number, queue.last?.number) == (4, 1))
    _ = queue.insert(1, priority: 0)
    queue.order = .oldestFirst
    #expect(queue.places.map(\.number) == [4, 2, 6, 1, 3, 5, 7])
    #expect(queue.last?.number == 7)
  }

  @Test(arguments: [
    (Order.oldestFirst, -1, false), (.oldestFirst, 0, false), (.oldestFirst, 1, true),
    (.newestFirst, -1, false), (.newestFirst, 0, true), (.newestFirst, 1, true),
  ])
  func aNewcomerPassesTheLastByPriorityAndTheNewestByArrivalToo(
    order: Order, priority: Int, expected: Bool
  ) {
    var queue = WaitingQueue("test", order)
    #expect(!queue.wouldPassLast(priority))
    _ = queue.insert(1, priority: 5)
    _ = queue.insert(1, priority: 0)
    #expect(queue.wouldPassLast(priority) == expected)
  }

  @Test(arguments: [Order.oldestFirst, .newestFirst], 0..<10 as Range<UInt64>)
  func doesWhatASortedListDoes(order: Order, seed: UInt64) {
    let dice = SeededRandomSource(seed: seed)
    var queue = WaitingQueue("test", order)
    var model: [WaitingQueue.Place] = []
    var gone: [WaitingQueue.Place] = []
    for step in 0..<1_000 {
      if dice.next(below: 9) < 5 {
        let place = queue.insert(
          step, priority: dice.next(below: 7) - 3, until: Deadline(at: .init(nanoseconds: 9)))
        let position = model.firstIndex {
          order == .oldestFirst ? $0.priority < place.priority : $0.priority <= place.priority
        }
        model.insert(place, at: position ?? model.count)
        #expect(place.amount == step && place.deadline.instant.nanoseconds == 9)
      } else if !model.isEmpty {
        let place = model.remove(at: dice.next(below: model.count))
        let (first, second) = (queue.remove(place), queue.remove(place))
        #expect(first && !second)
        gone.append(place)
      }
      // A node that is used again belongs to another place.
      if !gone.isEmpty {
        let isThere = queue.remove(gone[dice.next(below: gone.count)])
        #expect(!isThere)
      }
      #expect(queue.count == model.count && queue.isEmpty == model.isEmpty)
      #expect(queue.amount == model.reduce(0) { $0 + $1.amount })
      #expect(queue.first?.number == model.first?.number)
      #expect(queue.last?.number == model.last?.number)
      #expect(queue.places.map(\.number) == model.map(\.number))
    }
  }

  /// The memory of a burst is given back, and whoever was in it is not found in the next one.
  @Test(arguments: [(places: 64, kept: 64), (places: 1000, kept: 0)])
  func aBurstLeavesNothingBehind(places: Int, kept: Int) {
    var queue = WaitingQueue("test")
    let burst = (0..<places).map { queue.insert(1, priority: $0 % 3) }
    for place in burst { queue.remove(place) }
    #expect(queue.nodeCount == kept)
    let next = queue.insert(1)
    let found = burst.filter { queue.remove($0) }
    #expect(found.isEmpty && queue.first?.number == next.number)
  }
}
