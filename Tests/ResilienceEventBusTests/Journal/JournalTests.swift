import ResilienceCore
import ResilienceTestKit
import Testing

@testable import ResilienceEventBus

@Suite struct JournalTests {
  @Test func whatWasAppendedIsReadAgainInOrder() throws {
    try onDisk { disk, _ in
      let journal = try await Journal.open(disk, policy: .small)
      #expect(try await journal.append([numbered(1), numbered(2, key: "a")]) == 0..<2)
      #expect(try await journal.append(numbered(3, key: "")) == 2)
      #expect(try await journal.append([]) == 3..<3)
      let entries = try await journal.records(from: 0)
      #expect(entries.map(\.offset) == [0, 1, 2])
      #expect(entries.map(\.record) == [numbered(1), numbered(2, key: "a"), numbered(3, key: "")])
      #expect(try await journal.records(from: 3).isEmpty)
      #expect(try await journal.records(from: -5, limit: 2).map(\.offset) == [0, 1])
      #expect(try await journal.records(from: 1, maxBytes: 1).map(\.offset) == [1])
    }
  }

  @Test func aJournalIsOpenedAgainWhereItEnded() throws {
    try onDisk { disk, _ in
      let first = try await Journal.open(disk, policy: .small)
      try await first.append(0...99)
      try await first.close()
      try await first.close()
      await #expect(throws: JournalClosed.self) { try await first.append(numbered(1)) }
      await #expect(throws: JournalClosed.self) { try await first.records(from: 0) }
      let second = try await Journal.open(disk, policy: .small)
      #expect(second.endOffset == 100)
      #expect(second.snapshot().segments > 3)
      #expect(second.snapshot().cutBytes == 0)
      try await second.append(100...119)
      #expect(try await second.all().map(\.number) == Array(0...119))
      #expect(try await second.all().map(\.offset) == Array(0...119))
    }
  }

  @Test func aDirectoryIsOpenedOnce() throws {
    try onDisk { disk, _ in
      let first = try await Journal.open(disk, policy: .small)
      let error = await #expect(throws: StorageError.self) { try await Journal.open(disk) }
      #expect(error?.reason == .locked(holder: "another one"))
      #expect(error?.description.contains("disk") == true)
      try await first.close()
      _ = try await Journal.open(disk, policy: .small)
    }
  }

  @Test func whatIsTooLargeIsRefusedAndNothingOfItWritten() throws {
    try onDisk { disk, _ in
      let journal = try await Journal.open(disk, policy: .small)
      let record = await #expect(throws: JournalAppendTooLarge.self) {
        try await journal.append([numbered(1), numbered(2, bytes: 201)])
      }
      #expect(record?.description == "a record of 201 bytes is larger than maxRecordBytes, 200")
      let batch = await #expect(throws: JournalAppendTooLarge.self) {
        try await journal.append((0..<5).map { numbered($0, bytes: 200) })
      }
      #expect(batch?.field == "maxBatchBytes")
      #expect(journal.endOffset == 0)
      try await journal.append(numbered(3, bytes: 200))
    }
  }

  @Test func aTimeIsFoundAlsoWhenTimesGoBack() throws {
    try onDisk { disk, _ in
      let journal = try await Journal.open(disk, policy: .small)
      var times: [Int] = []
      let random = SeededRandomSource(seed: 5)
      for step in 0..<150 {
        times.append(step * 10 + random.next(below: 200))
        try await journal.append(numbered(times[step]))
      }
      for time in stride(from: -5, to: 1800, by: 7) {
        let expected = times.firstIndex { $0 >= time } ?? times.count
        #expect(try await journal.offset(at: UnixTime(nanoseconds: Int64(time))) == Int64(expected))
      }
    }
  }

  @Test func eventsAndFiguresSayWhatHappened() throws {
    try onDisk { disk, _ in
      let events = Box<[JournalEvent]>([])
      let journal = try await Journal.open(disk, name: "orders", policy: .small) { event in
        events.change { $0.append(event) }
      }
      try await journal.append(0...49)
      try await journal.discard(before: 30)
      let told = events.value
      #expect(
        told.first?.description == "journal.recovered journal=orders first_offset=0 end_offset=0 cut_bytes=0")
      #expect(told.contains { $0.kind == .segmentRolled(segment: 2) })
      #expect(told.last?.name == "journal.discarded")
      let snapshot = journal.snapshot()
      #expect(snapshot.appended == 50 && snapshot.commits == 50 && snapshot.failures == 0)
      #expect(snapshot.firstOffset == journal.firstOffset && snapshot.endOffset == 50)
      #expect(snapshot.metrics.allSatisfy { $0.labels == [Metric.Label("journal", "orders")] })
    }
  }

  @Test func onlyWholeFilesAreDiscarded() throws {
    try onDisk { disk, _ in
      let journal = try await Journal.open(disk, policy: .small)
      try await journal.append(0...99)
      try await journal.discard(before: 50)
      let first = journal.firstOffset
      #expect(first > 30 && first <= 50)
      #expect(try await journal.all().map(\.number) == Array(Int(first)...99))
      try await journal.discard(before: .max)
      #expect(journal.snapshot().segments == 1)
      #expect(disk.contents(of: Segment.name(1)) == nil)
      try await journal.close()
      let again = try await Journal.open(disk, policy: .small)
      #expect(again.endOffset == 100)
    }
  }

  @Test func theOldestIsRemovedBeyondSizeAndAge() throws {
    try onDisk { disk, simulation in
      let journal = try await Journal.open(disk, policy: .small(retainedBytes: 5000))
      try await journal.append(0...299)
      #expect(journal.snapshot().bytes < 5000 + 2048)
      #expect(journal.firstOffset > 200)
      try await journal.close()
      let policy = JournalPolicy(
        segmentBytes: 2048, maxRecordBytes: 200, maxBatchBytes: 1000, retainedTime: .seconds(60))
      let aged = try await Journal.open(disk, policy: policy)
      for _ in 0..<50 { try await aged.append(JournalRecord([1])) }
      try await aged.applyRetention()
      #expect(aged.firstOffset > 250)
      let before = aged.firstOffset
      try await aged.applyRetention()
      #expect(aged.firstOffset == before)
      try await simulation.sleep(for: .seconds(61))
      try await aged.applyRetention()
      #expect(aged.snapshot().segments == 1)
    }
  }
}
