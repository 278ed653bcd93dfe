import ResilienceTestKit
import ResilienceTestSupport
import Testing

@testable import ResilienceCore

@Suite struct DueHeapTests {
  @Test func givesNothingBeforeItIsDue() {
    var heap = DueHeap<Int>()
    heap.insert(7, due: .s(2))
    #expect(heap.earliest == .s(2))
    #expect(heap.popDue(at: .ns(1_999_999_999)) == nil)
    #expect(heap.popDue(at: .s(2)) == 7)
    #expect(heap.popDue(at: .s(2)) == nil)
    #expect(heap.earliest == nil)
  }

  @Test func givesThoseOfOneInstantByRankThenInTheOrderTheyCame() {
    var heap = DueHeap<Int>()
    for (rank, element) in [(1, 4), (1, 1), (1, 3), (0, 2), (1, 0)] as [(UInt64, Int)] {
      heap.insert(element, due: .s(1), rank: rank)
    }
    var elements: [Int] = []
    while let element = heap.popDue(at: .s(1)) { elements.append(element) }
    #expect(elements == [2, 4, 1, 3, 0])
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func doesWhatASortedListDoes(seed: UInt64) {
    let dice = SeededRandomSource(seed: seed)
    var heap = DueHeap<Int>()
    var model: [(due: Int64, element: Int)] = []
    for step in 0..<1_000 {
      if dice.next(below: 5) < 3 {
        let due = Int64(step + dice.next(below: 40))
        heap.insert(step, due: .ns(due))
        // Stable: behind all that are due then or before.
        model.insert((due, step), at: model.firstIndex { $0.due > due } ?? model.count)
      } else {
        let now = Int64(step + dice.next(below: 20))
        let expected = model.first.flatMap { $0.due <= now ? $0.element : nil }
        if expected != nil { model.removeFirst() }
        #expect(heap.popDue(at: .ns(now)) == expected)
      }
      #expect(heap.count == model.count)
      #expect(heap.earliest == model.first.map { .ns($0.due) })
    }
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func takesAnyElementOutByItsHandleOnce(seed: UInt64) {
    let dice = SeededRandomSource(seed: seed)
    var heap = DueHeap<Int>()
    var model: [(due: Int64, element: Int, handle: DueHeap<Int>.Handle)] = []
    var gone: [DueHeap<Int>.Handle] = []
    for step in 0..<1_000 {
      if dice.next(below: 5) < 3 {
        let due = Int64(dice.next(below: 100))
        let handle = heap.insert(step, due: .ns(due))
        model.insert((due, step, handle), at: model.firstIndex { $0.due > due } ?? model.count)
      } else if !model.isEmpty {
        let victim = model.remove(at: dice.next(below: model.count))
        #expect(heap.due(of: victim.handle) == .ns(victim.due))
        #expect(heap.remove(victim.handle) == victim.element)
        gone.append(victim.handle)
      }
      // A slot that is used again has another handle.
      if !gone.isEmpty {
        let old = gone[dice.next(below: gone.count)]
        #expect(heap.remove(old) == nil)
        #expect(heap.due(of: old) == nil)
      }
      #expect(heap.count == model.count)
    }
    #expect(heap.remove(DueHeap.Handle(bits: .max)) == nil)
    while let element = heap.popDue(at: .ns(100)) { #expect(element == model.removeFirst().element) }
    #expect(model.isEmpty)
  }
}
