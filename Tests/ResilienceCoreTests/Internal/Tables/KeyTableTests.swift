import ResilienceCore
import Testing

@Suite struct KeyTableTests {
  /// A value that is counted while it is there.
  private final class Counted: Sendable {
    static let present = Lock(0)
    let number: Int
    init(_ number: Int) {
      self.number = number
      Self.present.withLock { $0 += 1 }
    }
    deinit { Self.present.withLock { $0 -= 1 } }
  }

  private func put<Value>(_ value: Value, for key: Int, hash: UInt32, in table: inout KeyTable<Int, Value>) {
    if let index = table.find(key, hash: hash) {
      table[index] = value
      return
    }
    if !table.hasSpace { _ = table.replace(for: table.count + 1) { _ in true } }
    let index = table.index(of: key, hash: hash)
    precondition(!table.isTaken(index))
    table.add(key, hash: hash, value, at: index)
  }

  @Test func aTableForNoKeysHasNoSpaceAndFindsNothing() {
    let table = KeyTable<String, Int>()
    let (capacity, hasSpace, index) = (table.capacity, table.hasSpace, table.find("a", hash: 1))
    #expect(capacity == 0)
    #expect(!hasSpace)
    #expect(index == nil)
  }

  @Test(arguments: [1, 2, 3, 10, 100, 1_000])
  func aTableGrowsByAThirdAndKeepsAFreeSlot(count: Int) {
    var table = KeyTable<Int, Int>(for: count)
    for key in 0..<count {
      let hasSpace = table.hasSpace
      #expect(hasSpace)
      table.add(key, hash: UInt32(key) | 1, key, at: table.index(of: key, hash: UInt32(key) | 1))
    }
    var added = count
    while table.hasSpace {
      table.add(added, hash: UInt32.max, added, at: table.index(of: added, hash: .max))
      added += 1
    }
    let capacity = table.capacity
    #expect(added < capacity)
    #expect(added >= capacity * 3 / 4 - 1)
    for key in 0..<count {
      let index = table.find(key, hash: UInt32(key) | 1)
      #expect(index != nil)
    }
  }

  /// Hashes collide, wrap around at the end of the table, or are as good as can be.
  @Test(
    arguments: [{ _ in 1 }, { _ in .max }, { $0 % 5 << 29 | 1 }, { $0 &* 2_654_435_761 | 1 }]
      as [@Sendable (UInt32) -> UInt32])
  func doesWhatADictionaryDoes(hash: @Sendable (UInt32) -> UInt32) {
    let dice = SeededRandomSource(seed: 7)
    var table = KeyTable<Int, Int>()
    var model: [Int: Int] = [:]
    for step in 0..<2_000 {
      let key = dice.next(below: 120)
      put(step, for: key, hash: hash(UInt32(key)), in: &table)
      model[key] = step
      if step % 100 == 99 {
        let oldest = max(0, step - dice.next(below: 300))
        model = model.filter { $0.value >= oldest }
        var others = table.replace(for: model.count) { $0 >= oldest }
        var greatest = -1
        others.forEachValue { greatest = max(greatest, $0) }
        #expect(greatest < oldest)
      }
      guard step % 20 == 19 else { continue }
      let values = (0..<120).map { key in table.find(key, hash: hash(UInt32(key))).map { table[$0] } }
      let count = table.count
      #expect(count == model.count && values == (0..<120).map { model[$0] })
    }
  }

  @Test func whatIsNotKeptIsReleasedWithTheTableFromBefore() {
    do {
      var table = KeyTable<Int, Counted>()
      for number in 0..<100 { put(Counted(number), for: number, hash: UInt32(number) << 20 | 1, in: &table) }
      #expect(Counted.present.withLock { $0 } == 100)
      let others = table.replace(for: 50) { $0.number % 2 == 0 }
      let counts = [table.count, others.count]
      #expect(counts == [50, 50])
      #expect(Counted.present.withLock { $0 } == 100)
      _ = consume others
      #expect(Counted.present.withLock { $0 } == 50)
    }
    #expect(Counted.present.withLock { $0 } == 0)
  }
}
