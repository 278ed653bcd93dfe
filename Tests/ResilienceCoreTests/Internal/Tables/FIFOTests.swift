import ResilienceCore
import Testing

@Suite struct FIFOTests {
  @Test func takesFromTheFrontWhatWasAppended() {
    var queue = FIFO<Int>()
    #expect(queue.popFirst() == nil)
    for value in 1...3 { queue.append(value) }
    #expect(queue.front == 1)
    #expect(queue.popFirst() == 1)
    queue.front = 20
    #expect(queue.elements == [20, 3])
    queue.prepend(1)
    queue.prepend(0)
    #expect(queue.elements == [0, 1, 20, 3])
    #expect(queue.count == 4)
  }

  @Test(arguments: 0..<10 as Range<UInt64>)
  func doesWhatAnArrayDoes(seed: UInt64) {
    let dice = SeededRandomSource(seed: seed)
    var queue = FIFO<Int>()
    var model: [Int] = []
    for step in 0..<2_000 {
      // Long phases of growth and of shrinking, so that the storage is compacted at all its limits.
      switch dice.next(below: 100) {
      case 0: queue.prepend(step); model.insert(step, at: 0)
      case 1:
        let divisor = 2 + dice.next(below: 5)
        queue.removeAll { $0.isMultiple(of: divisor) }
        model.removeAll { $0.isMultiple(of: divisor) }
      case 2..<(step / 300 % 2 == 0 ? 75 : 25): queue.append(step); model.append(step)
      default: #expect(queue.popFirst() == (model.isEmpty ? nil : model.removeFirst()))
      }
      #expect(queue.count == model.count)
      #expect(queue.isEmpty == model.isEmpty)
      if let first = model.first { #expect(queue.front == first) }
      if step.isMultiple(of: 50) { #expect(queue.elements == model) }
    }
    #expect(queue.elements == model)
  }

  @Test func anEmptyQueueHasNoFront() async {
    await #expect(processExitsWith: .failure) {
      _ = FIFO<Int>().front
    }
  }
}
