import ResilienceCore
import ResilienceTestKit
import Testing

@testable import ResilienceEventBus

@Suite struct JournalCompactionTests {
  @Test func theLatestOfEachKeyStaysUnderItsOffset() throws {
    try onDisk { disk, _ in
      let journal = try await Journal.open(disk, policy: .small)
      for number in 0..<60 {
        try await journal.append(
          numbered(number, key: number % 10 == 0 ? nil : "k\(number % 3)", bytes: 60))
      }
      let active = try #require(journal.list.segments.last?.header.firstOffset)
      let removed = try await journal.compact()
      let entries = try await journal.all()
      #expect(entries.count + removed == 60)
      #expect(entries.allSatisfy { $0.offset == Int64($0.number) })
      let closed = entries.filter { $0.offset < active }
      #expect(closed.allSatisfy { $0.record.key == nil || $0.number >= 57 })
      #expect(closed.count { $0.record.key == nil } == (0..<Int(active)).count { $0 % 10 == 0 })
      #expect(try await journal.records(from: 1, limit: 1).map(\.offset) == [10])
      #expect(try await journal.compact() == 0)
      try await journal.append(60...99)
      disk.loseState()
      let again = try await Journal.open(disk, policy: .small)
      #expect(try await again.all().map(\.number) == entries.map(\.number) + Array(60...99))
    }
  }

  @Test func aTombstoneStaysForItsTime() throws {
    try onDisk { disk, simulation in
      let journal = try await Journal.open(disk, policy: .small)
      let key = Array("a".utf8)
      try await journal.append(JournalRecord([1], key: key))
      try await journal.append(JournalRecord([], key: key))
      try await journal.append(0...30, bytes: 100)
      #expect(try await journal.compact(keepingTombstonesFor: .seconds(60)) == 1)
      #expect(try await journal.records(from: 0, limit: 1).first?.record.isTombstone == true)
      try await simulation.sleep(for: .seconds(61))
      #expect(try await journal.compact(keepingTombstonesFor: .seconds(60)) == 1)
      #expect(try await journal.records(from: 0, limit: 1).first?.offset == 2)
    }
  }

  @Test func aFullDiskAtCompactionChangesNothing() throws {
    try onDisk { disk, _ in
      let journal = try await Journal.open(disk, policy: .small)
      for number in 0..<40 { try await journal.append(numbered(number, key: "k", bytes: 100)) }
      disk.setCapacity(disk.usedBytes)
      let error = await #expect(throws: JournalWriteFailed.self) { try await journal.compact() }
      #expect(error?.isDiskFull == true)
      #expect(try await journal.all().count == 40)
      #expect(try await disk.list().allSatisfy { !$0.hasSuffix(".compacting") })
      disk.setCapacity(.max)
      #expect(try await journal.compact() > 20)
    }
  }

  @Test func appendsAndReadsGoOnMeanwhile() throws {
    try onDisk { disk, _ in
      let journal = try await Journal.open(disk, policy: .small)
      for number in 0..<40 { try await journal.append(numbered(number, key: "k", bytes: 100)) }
      try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask { _ = try await journal.compact() }
        tasks.addTask { try await journal.discard(before: 10) }
        tasks.addTask { for number in 40..<80 { try await journal.append(numbered(number, bytes: 100)) } }
        tasks.addTask {
          for _ in 0..<10 {
            let entries = try await journal.all()
            #expect(entries.last.map { Int($0.offset) == $0.number } != false)
          }
        }
        try await tasks.waitForAll()
      }
      #expect(try await journal.all().suffix(40).map(\.number) == Array(40..<80))
    }
  }
}
