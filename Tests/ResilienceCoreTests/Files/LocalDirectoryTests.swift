import Foundation
import ResilienceCore
import Testing

@Suite struct LocalDirectoryTests {
  private func inDirectory(_ body: (LocalDirectory) async throws -> Void) async throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "files-\(UUID())").path
    defer { try? FileManager.default.removeItem(atPath: path) }
    try await body(LocalDirectory(path: path))
  }

  @Test func bytesAreWrittenReadCutAndSetAside() async throws {
    try await inDirectory { directory in
      let file = try await directory.create("a")
      try await file.write([1, 2, 3, 4], at: 2)
      #expect(try await file.read(at: 0, count: 100) == [0, 0, 1, 2, 3, 4])
      #expect(try await file.read(at: 6, count: 1).isEmpty)
      try await file.truncate(3)
      try await file.preallocate(100)
      try await file.sync()
      #expect(try await file.size() == 100)
      #expect(try await file.read(at: 1, count: 3) == [0, 1, 0])
      try await file.write([], at: 0)
      #expect(try await file.read(at: 0, count: 0).isEmpty)
    }
  }

  @Test func namesAreCreatedChangedAndRemoved() async throws {
    try await inDirectory { directory in
      let file = try await directory.create("b")
      try await file.write([7], at: 0)
      _ = try await directory.create("a")
      #expect(try await directory.list() == ["a", "b"])
      try await directory.rename("b", to: "a")
      try await directory.syncDirectory()
      #expect(try await directory.list() == ["a"])
      #expect(try await directory.open("a").read(at: 0, count: 9) == [7])
      try await directory.remove("a")
      #expect(try await directory.list().isEmpty)
      // Open files outlive their names.
      #expect(try await file.read(at: 0, count: 9) == [7])
    }
  }

  @Test func errorsSayWhatWhereAndWhy() async throws {
    try await inDirectory { directory in
      _ = try await directory.create("a")
      let exists = await #expect(throws: StorageError.self) { try await directory.create("a") }
      #expect(exists == StorageError(.create, file: "\(directory.path)/a", .exists))
      let missing = await #expect(throws: StorageError.self) { try await directory.open("b") }
      #expect(missing?.description == "cannot open \(directory.path)/b: there is no such file")
      await #expect(throws: StorageError(.remove, file: "\(directory.path)/b", .notFound)) {
        try await directory.remove("b")
      }
      let nowhere = await #expect(throws: StorageError.self) {
        try await LocalDirectory(path: "/no/such/place")
      }
      #expect(nowhere?.reason == .notFound)
    }
  }

  @Test func aLockKeepsOthersOutUntilItIsReleasedOrDropped() async throws {
    try await inDirectory { directory in
      let other = try await LocalDirectory(path: directory.path)
      var lock: StorageLock? = try await directory.lock()
      await #expect(throws: StorageError.self) { try await other.lock() }
      lock?.release()
      lock?.release()
      lock = try await other.lock()
      await #expect(throws: StorageError.self) { try await directory.lock() }
      lock = nil
      _ = try await directory.lock()
    }
  }

  @Test func aCancelledTaskStillGetsItsAnswer() async throws {
    try await inDirectory { directory in
      let file = try await directory.create("a")
      let task = Task {
        withUnsafeCurrentTask { $0?.cancel() }
        try await file.write([5], at: 0)
        return try await file.read(at: 0, count: 1)
      }
      #expect(try await task.value == [5])
    }
  }
}
