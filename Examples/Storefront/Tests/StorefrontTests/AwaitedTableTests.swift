import Resilience
import Testing

@testable import storefront

@Suite struct AwaitedTableTests {
  private func at(_ seconds: Int64) -> Instant { Instant(nanoseconds: seconds * 1_000_000_000) }

  @Test func anOrderIsDueAfterTwiceAsLongEachTime() {
    var table = AwaitedTable(patience: .seconds(20))
    #expect(table.due(of: ["a"], at: at(100)) == [])
    #expect(table.due(of: ["a"], at: at(119)) == [])
    var now: Int64 = 100
    for wait: Int64 in [20, 40, 80, 160, 320, 640, 640, 640] {
      #expect(table.due(of: ["a"], at: at(now + wait - 1)) == [])
      now += wait
      #expect(table.due(of: ["a"], at: at(now)) == ["a"])
      table.notePublished(["a"], at: at(now))
    }
  }

  @Test func whatCouldNotBePublishedIsDueAtOnce() {
    var table = AwaitedTable(patience: .seconds(20))
    _ = table.due(of: ["a", "b"], at: at(0))
    #expect(table.due(of: ["a", "b"], at: at(20)) == ["a", "b"])
    table.notePublished(["b"], at: at(20))
    #expect(table.due(of: ["a", "b"], at: at(21)) == ["a"])
  }

  @Test func whatIsAwaitedNoMoreIsForgotten() {
    var table = AwaitedTable(patience: .seconds(20))
    _ = table.due(of: ["a"], at: at(0))
    #expect(table.due(of: [], at: at(20)) == [])
    #expect(table.due(of: ["a"], at: at(21)) == [])
    #expect(table.due(of: ["a"], at: at(41)) == ["a"])
  }

  @Test func soManyAreDueAtOneTimeAndTheOthersThen() {
    var table = AwaitedTable(patience: .zero)
    let all = Set((0..<AwaitedTable.limit + 1).map { "\($0)" })
    _ = table.due(of: all, at: at(0))
    let first = table.due(of: all, at: at(1))
    #expect(first.count == AwaitedTable.limit)
    #expect(table.due(of: all.subtracting(first), at: at(2)).count == 1)
  }
}
