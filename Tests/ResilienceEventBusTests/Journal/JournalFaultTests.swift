import ResilienceCore
import ResilienceTestKit
import Testing

@testable import ResilienceEventBus

@Suite struct JournalFaultTests {
  @Test func aFullDiskIsAnErrorToTheAppendersAndHasAnEnd() throws {
    try onDisk(capacity: 5000) { disk, _ in
      let events = Box<[JournalEvent]>([])
      let journal = try await Journal.open(disk, policy: .small) { event in
        events.change { $0.append(event) }
      }
      var last = 0
      var failure: JournalWriteFailed?
      while failure == nil {
        do {
          try await journal.append(numbered(last, bytes: 110))
          last += 1
        } catch let error as JournalWriteFailed {
          failure = error
        }
      }
      #expect(failure?.isDiskFull == true)
      #expect(failure?.cause.operation == .preallocate)
      #expect(
        failure?.description
          == "the journal did not keep the records: cannot preallocate disk/0000000000000003.segment: the disk is full"
      )
      #expect(events.value.last?.name == "journal.write_failed")
      #expect(try await journal.all().map(\.number) == Array(0..<last))
      // What fits into the file that is there is still taken.
      try await journal.append(numbered(last, bytes: 1))
      disk.setCapacity(.max)
      try await journal.append(numbered(last + 1, bytes: 110))
      disk.loseState()
      let again = try await Journal.open(disk, policy: .small)
      #expect(try await again.all().map(\.number) == Array(0...last + 1))
      #expect(journal.snapshot().failures == 1)
    }
  }

  @Test func aFullDiskCanBeClosedAndOpenedAndRead() throws {
    try onDisk { disk, _ in
      let journal = try await Journal.open(disk, policy: .small)
      try await journal.append(0...20)
      disk.setCapacity(0)
      try await journal.close()
      let again = try await Journal.open(disk, policy: .small)
      #expect(again.endOffset == 21)
      try await again.discard(before: 21)
    }
  }

  @Test func aFailedWriteLeavesNoTrace() throws {
    try onDisk { disk, _ in
      let journal = try await Journal.open(disk, policy: .small)
      try await journal.append(0...4)
      disk.failWrites()
      let error = await #expect(throws: JournalWriteFailed.self) {
        try await journal.append(numbered(5, bytes: 180))
      }
      #expect(error?.cause.operation == .write)
      #expect(try await journal.append(numbered(6)) == 5)
      disk.loseState()
      let again = try await Journal.open(disk, policy: .small)
      #expect(try await again.all().map(\.number) == [0, 1, 2, 3, 4, 6])
    }
  }

  @Test(arguments: 0..<50 as Range<UInt64>)
  func afterAFailedSyncAnotherFileIsBegunAndTheOldOneNotTrusted(seed: UInt64) throws {
    try onDisk(seed: seed) { disk, _ in
      let journal = try await Journal.open(disk, policy: .small)
      try await journal.append(0...4)
      disk.failSyncs()
      let error = await #expect(throws: JournalWriteFailed.self) { try await journal.append(numbered(5)) }
      #expect(error?.cause.operation == .sync && error?.cause.file == "disk/0000000000000001.segment")
      #expect(try await journal.all().map(\.number) == Array(0...4))
      // The same offset: nobody has seen the record that failed.
      #expect(try await journal.append(numbered(6)) == 5)
      #expect(journal.snapshot().segments == 2)
      disk.loseState()
      let again = try await Journal.open(disk, policy: .small)
      #expect(try await again.all().map(\.number) == [0, 1, 2, 3, 4, 6])
    }
  }

  @Test(arguments: 0..<50 as Range<UInt64>)
  func whatIsSeenAfterAFailedSyncAndARestartStays(seed: UInt64) throws {
    try onDisk(seed: seed) { disk, _ in
      let journal = try await Journal.open(disk, policy: .small)
      try await journal.append(0...4)
      disk.failSyncs()
      _ = try? await journal.append(numbered(5))
      // Reads still show what the disk has never got.
      disk.kill()
      let second = try await Journal.open(disk, policy: .small)
      let seen = try await second.all().map(\.number)
      disk.loseState()
      let third = try await Journal.open(disk, policy: .small)
      #expect(try await third.all().map(\.number) == seen)
    }
  }

  @Test(arguments: [JournalDurability.synced, .written])
  func whatWasAcknowledgedSurvivesTheEndOfTheProcess(durability: JournalDurability) throws {
    try onDisk { disk, _ in
      let journal = try await Journal.open(disk, policy: .small(durability))
      let before = disk.syncs
      try await journal.append(0...9)
      #expect(disk.syncs - before == (durability == .synced ? 10 : 0))
      disk.kill()
      let again = try await Journal.open(disk, policy: .small(durability))
      #expect(try await again.all().map(\.number) == Array(0...9))
    }
  }

  /// A crash in the middle of each change that appending, beginning a file, discarding and compacting make.
  @Test(arguments: 0..<120, [0, 1] as [UInt64])
  func aCrashAtAnyChangeLosesNothing(changes: Int, seed: UInt64) throws {
    try onDisk(seed: seed * 1000 + UInt64(changes)) { disk, _ in
      var acknowledged: [Int] = []
      let journal = try await Journal.open(disk, policy: .small)
      try await journal.append(0...9, bytes: 100)
      acknowledged = Array(0...9)
      disk.crash(afterChanges: changes)
      do {
        for number in 10..<40 {
          try await journal.append(numbered(number, key: "k\(number % 2)", bytes: 100))
          acknowledged.append(number)
        }
        try await journal.discard(before: 15)
        try await journal.compact()
      } catch {}
      if changes % 2 == 0 { disk.loseState() } else { disk.kill() }
      let again = try await Journal.open(disk, policy: .small)
      let found = try await again.all()
      #expect(found.allSatisfy { $0.offset == Int64($0.number) })
      let last = acknowledged.last ?? 0
      #expect(again.endOffset > last && again.endOffset <= last + 2)
      let gone = Set(acknowledged).subtracting(found.map(\.number))
      // Only what was to be discarded, or compacted, may be gone.
      #expect(gone.allSatisfy { acknowledged.count == 40 && ($0 < 15 || $0 < 38) })
      #expect(again.firstOffset <= 15)
    }
  }
}
