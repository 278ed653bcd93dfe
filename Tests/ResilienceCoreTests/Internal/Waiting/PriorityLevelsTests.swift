import ResilienceTestKit
import Testing

@testable import ResilienceCore

@Suite struct PriorityLevelsTests {
  @Test(arguments: 0..<20 as Range<UInt64>)
  func doesWhatADictionaryDoes(seed: UInt64) {
    let random = SeededRandomSource(seed: seed)
    var levels = PriorityLevels()
    var model: [Int: Int] = [:]
    let range = [3, 40, 1000][random.next(below: 3)]
    for step in 0..<1000 {
      let priority = random.next(below: range) - range / 2
      let oldest = step % 500 < 300 || random.next(below: 3) == 0 ? step : nil
      levels[priority] = oldest
      model[priority] = oldest
      #expect(levels[priority] == oldest && levels[priority + 1] == model[priority + 1], "seed \(seed)")
      guard step % 20 == 0 else { continue }
      let expected = model.sorted { $0.key > $1.key }.map {
        PriorityLevels.Level(priority: $0.key, oldest: $0.value)
      }
      #expect(levels.all == expected, "seed \(seed)")
      #expect(levels.highest == expected.first && levels.lowest == expected.last, "seed \(seed)")
    }
    for priority in model.keys { levels[priority] = nil }
    #expect(levels.all == [] && levels.highest == nil && levels.lowest == nil)
  }

  /// At most twice the logarithm deep, in whatever order they come and go.
  @Test(arguments: [1, -1, 7919])
  func staysShallow(stride: Int) {
    var levels = PriorityLevels()
    let count = 10_000
    for number in 0..<count { levels[number * stride % 100_003] = number }
    #expect(levels.depth <= 28)
    for number in 0..<count * 9 / 10 { levels[number * stride % 100_003] = nil }
    #expect(levels.all.count == count / 10)
    #expect(levels.depth <= 20)
  }
}
