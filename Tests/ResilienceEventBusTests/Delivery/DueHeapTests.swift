import ResilienceCore
import ResilienceTestSupport
import Testing

@testable import ResilienceEventBus

@Suite struct DueHeapTests {
  @Test func givesNothingBeforeItIsDue() {
    var heap = DueHeap()
    heap.insert(lane: 7, due: .s(2))
    #expect(heap.earliest == .s(2))
    #expect(heap.popDue(at: .ns(1_999_999_999)) == nil)
    #expect(heap.popDue(at: .s(2)) == 7)
    #expect(heap.popDue(at: .s(2)) == nil)
    #expect(heap.earliest == nil)
  }

  @Test func givesLanesOfOneInstantInTheOrderTheyCame() {
    var heap = DueHeap()
    for lane in [4, 1, 3, 2, 0] { heap.insert(lane: lane, due: .s(1)) }
    var lanes: [Int] = []
    while let lane = heap.popDue(at: .s(1)) { lanes.append(lane) }
    #expect(lanes == [4, 1, 3, 2, 0])
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func doesWhatASortedListDoes(seed: UInt64) {
    let dice = SeededRandomSource(seed: seed)
    var heap = DueHeap()
    var model: [(due: Int64, lane: Int)] = []
    for step in 0..<1_000 {
      if dice.next(below: 5) < 3 {
        let due = Int64(step + dice.next(below: 40))
        heap.insert(lane: step, due: .ns(due))
        // Stable: behind all that are due then or before.
        model.insert((due, step), at: model.firstIndex { $0.due > due } ?? model.count)
      } else {
        let now = Int64(step + dice.next(below: 20))
        let expected = model.first.flatMap { $0.due <= now ? $0.lane : nil }
        if expected != nil { model.removeFirst() }
        #expect(heap.popDue(at: .ns(now)) == expected)
      }
      #expect(heap.count == model.count)
      #expect(heap.earliest == model.first.map { .ns($0.due) })
    }
  }
}
