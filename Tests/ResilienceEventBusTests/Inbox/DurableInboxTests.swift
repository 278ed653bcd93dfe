import ResilienceCore
import ResilienceTestKit
import Testing

@testable import ResilienceEventBus

@Suite struct DurableInboxTests {
  private let policy = JournalPolicy(segmentBytes: 2048, maxRecordBytes: 200, maxBatchBytes: 1000)

  private func open(_ disk: SimulatedDisk, window: Duration = .seconds(600)) async throws -> Inbox {
    try await Inbox.open(disk, policy: InboxPolicy(window: window), journalPolicy: policy)
  }

  private func key(_ number: Int) -> InboxKey {
    InboxKey(group: "g", type: "t", source: "/tests", id: "\(number)")
  }

  @Test func whatWasHandledIsADuplicateAfterACrash() throws {
    try onDisk { disk, _ in
      var inbox = try await open(disk)
      #expect(try await inbox.run(key(1)) { "done" } == "done")
      await #expect(throws: Broken.self) { try await inbox.run(key(2)) { throw Broken() } }
      disk.loseState()
      inbox = try await open(disk)
      #expect(inbox.snapshot().remembered == 1)
      #expect(try await inbox.run(key(1)) { "again" } == nil)
      #expect(try await inbox.run(key(2)) { "done" } == "done")
      try await inbox.close()
      await #expect(throws: JournalClosed.self) { try await inbox.run(key(3)) { "done" } }
    }
  }

  @Test func anEventIsRememberedForTheRestOfItsWindow() throws {
    try onDisk { disk, simulation in
      var inbox = try await open(disk, window: .seconds(100))
      _ = try await inbox.run(key(1)) {}
      try await simulation.sleep(for: .seconds(60))
      _ = try await inbox.run(key(2)) {}
      disk.kill()
      inbox = try await open(disk, window: .seconds(100))
      try await simulation.sleep(for: .seconds(35))
      #expect(try await inbox.run(key(1)) { 1 } == nil)
      try await simulation.sleep(for: .seconds(10))
      #expect(try await inbox.run(key(1)) { 1 } == 1)
      #expect(try await inbox.run(key(2)) { 1 } == nil)
      disk.kill()
      try await simulation.sleep(for: .seconds(200))
      inbox = try await open(disk, window: .seconds(100))
      #expect(inbox.snapshot().remembered == 0)
    }
  }

  @Test func whatIsForgottenLeavesNoFiles() throws {
    try onDisk { disk, simulation in
      let inbox = try await open(disk, window: .seconds(10))
      for number in 0..<1000 {
        _ = try await inbox.run(key(number)) {}
        try await simulation.sleep(for: .milliseconds(500))
      }
      #expect(disk.usedBytes < 5 * 2048)
    }
  }

  @Test func aCrashAtEveryChangeHandlesNothingTwiceThatReturned() throws {
    for crash in 0..<40 {
      try onDisk(seed: UInt64(crash)) { disk, _ in
        disk.crash(afterChanges: crash)
        var returned: [Int] = []
        if let inbox = try? await open(disk) {
          for number in 0..<20 where (try? await inbox.run(key(number)) {}) != nil { returned.append(number) }
        }
        disk.crash(afterChanges: nil)
        disk.loseState()
        let inbox = try await open(disk)
        for number in returned {
          #expect(try await inbox.run(key(number)) { 1 } == nil, "crash after \(crash) changes")
        }
      }
    }
  }

  @Test func whatCouldNotBeWrittenIsAnErrorAndIsNotHandledAgainHere() throws {
    try onDisk { disk, _ in
      let inbox = try await open(disk)
      disk.failWrites(1)
      await #expect(throws: JournalWriteFailed.self) { try await inbox.run(key(1)) { 1 } }
      #expect(try await inbox.run(key(1)) { 1 } == nil)
    }
  }
}
