import Foundation
import ResilienceCore
import Testing

@testable import ResilienceEventBus

/// With the operating system's files and real threads.
@Suite struct JournalOnDiskTests {
  private func inDirectory(_ body: (String) async throws -> Void) async throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "journal-\(UUID())").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try await body(path)
  }

  @Test func realThreadsAppendReadAndReopen() async throws {
    try await inDirectory { path in
      let policy = JournalPolicy(
        segmentBytes: 20_000, maxRecordBytes: 1000, maxBatchBytes: 4000, indexStepBytes: 1000)
      let journal = try await Journal.open(LocalDirectory(path: path), policy: policy)
      try await withThrowingTaskGroup { tasks in
        for publisher in 0..<16 {
          tasks.addTask {
            for number in 0..<50 { try await journal.append(numbered(publisher * 1000 + number, bytes: 40)) }
          }
        }
        tasks.addTask {
          for _ in 0..<20 { _ = try await journal.all() }
        }
        try await tasks.waitForAll()
      }
      #expect(journal.snapshot().segments > 2)
      let before = try await journal.all()
      #expect(before.count == 800)
      try await journal.close()
      let again = try await Journal.open(LocalDirectory(path: path), policy: policy)
      #expect(try await again.all() == before)
      #expect(again.snapshot().cutBytes == 0)
      try await again.discard(before: 700)
      #expect(try await again.all().first?.offset == again.firstOffset)
      try await again.close()
    }
  }

  @Test func aDirectoryIsOpenedOnceOnTheRealDiskToo() async throws {
    try await inDirectory { path in
      let first = try await Journal.open(LocalDirectory(path: path))
      let error = await #expect(throws: StorageError.self) {
        try await Journal.open(LocalDirectory(path: path))
      }
      let holder = "process \(ProcessInfo.processInfo.processIdentifier)"
      #expect(error?.reason == .locked(holder: holder))
      #expect(error?.description == "cannot lock \(path): \(holder) has it, and must end or close it first")
      try await first.close()
      let second = try await Journal.open(LocalDirectory(path: path))
      try await second.close()
    }
  }
}
