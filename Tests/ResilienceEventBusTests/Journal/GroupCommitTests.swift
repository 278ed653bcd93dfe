import ResilienceCore
import ResilienceTestKit
import Testing

@testable import ResilienceEventBus

@Suite struct GroupCommitTests {
  @Test func thirtyTwoPublishersShareSyncs() throws {
    try onDisk { disk, _ in
      let journal = try await Journal.open(disk)
      let before = disk.syncs
      await withThrowingTaskGroup { tasks in
        for publisher in 0..<32 {
          tasks.addTask {
            for number in 0..<20 { try await journal.append(numbered(publisher * 100 + number)) }
          }
        }
      }
      #expect(journal.endOffset == 640)
      // Two for each turn at the most: the first of a turn may be alone.
      #expect(disk.syncs - before <= 45)
      let entries = try await journal.all()
      for publisher in 0..<32 {
        let own = entries.map(\.number).filter { $0 / 100 == publisher }
        #expect(own == (0..<20).map { publisher * 100 + $0 })
      }
    }
  }

  @Test func whatDoesNotFitIntoAWriteWaitsForTheNext() throws {
    try onDisk { disk, _ in
      let journal = try await Journal.open(disk, policy: .small)
      try await withThrowingTaskGroup { tasks in
        for number in 0..<40 {
          tasks.addTask { try await journal.append(numbered(number, bytes: 150)) }
        }
        try await tasks.waitForAll()
      }
      #expect(try await Set(journal.all().map(\.number)) == Set(0..<40))
      #expect(journal.snapshot().commits >= 7)
    }
  }

  @Test(arguments: 0..<200 as Range<UInt64>)
  func aCancelledAppendHoldsNobodyUp(seed: UInt64) throws {
    try onDisk(seed: seed) { disk, simulation in
      let journal = try await Journal.open(disk, policy: .small)
      let random = SeededRandomSource(seed: seed)
      let kept = Box<Set<Int>>([])
      await withTaskGroup { tasks in
        for number in 0..<12 {
          let isCancelled = random.next(below: 2) == 0
          let delay = Duration.microseconds(random.next(below: 3000))
          tasks.addTask {
            await withThrowingTaskGroup { inner in
              inner.addTask {
                try await simulation.sleep(for: delay / 2)
                try await journal.append(numbered(number))
                kept.change { _ = $0.insert(number) }
              }
              if isCancelled {
                try? await simulation.sleep(for: delay)
                inner.cancelAll()
              }
            }
          }
        }
      }
      let numbers = try await journal.all().map(\.number)
      #expect(kept.value.isSubset(of: Set(numbers)))
      #expect(Set(numbers).count == numbers.count)
      try await journal.append(numbered(99))
      try await journal.close()
    }
  }

  @Test func aCloseWaitsForWhatWasAppendedBefore() throws {
    try onDisk { disk, _ in
      let journal = try await Journal.open(disk, policy: .small)
      try await withThrowingTaskGroup { tasks in
        for number in 0..<10 { tasks.addTask { try await journal.append(numbered(number)) } }
        try await CallContext.current.clock.sleep(for: .microseconds(10))
        try await journal.close()
        try await tasks.waitForAll()
      }
      disk.loseState()
      let again = try await Journal.open(disk, policy: .small)
      #expect(again.endOffset == 10)
    }
  }
}
