internal import ResilienceCore

/// An open file of a ``SimulatedDisk``.
final class SimulatedFile: StorageFile {
  let path: String
  private let disk: SimulatedDisk
  private let file: DiskFile
  private let life: Int

  init(path: String, disk: SimulatedDisk, file: DiskFile, life: Int) {
    self.path = path
    self.disk = disk
    self.file = file
    self.life = life
  }

  func size() async throws(StorageError) -> Int {
    try await perform(.measure) { state, file throws(StorageError) in file.bytes.all.count }
  }

  func read(at position: Int, count: Int) async throws(StorageError) -> [UInt8] {
    try await perform(.read) { state, file throws(StorageError) in
      file.bytes.read(at: position, count: count)
    }
  }

  func write(_ bytes: [UInt8], at position: Int) async throws(StorageError) {
    let path = path
    try await perform(.write) { state, file throws(StorageError) in
      try state.write(bytes, at: position, to: file, path)
    }
  }

  func preallocate(_ size: Int) async throws(StorageError) {
    let path = path
    try await perform(.preallocate) { state, file throws(StorageError) in
      try state.preallocate(size, file, path)
    }
  }

  func sync() async throws(StorageError) {
    let path = path
    try await perform(.sync) { state, file throws(StorageError) in try state.sync(file, path) }
  }

  func truncate(_ size: Int) async throws(StorageError) {
    try await perform(.truncate) { state, file throws(StorageError) in state.truncate(size, file) }
  }

  private func perform<Value: Sendable>(
    _ operation: StorageOperation,
    _ body: @Sendable (inout DiskState, DiskFile) throws(StorageError) -> Value
  ) async throws(StorageError) -> Value {
    let (path, file, life) = (path, file, life)
    return try await disk.perform(operation) { state, _ throws(StorageError) in
      let crashes = try state.begin(operation, path, life)
      // The change is under way when the power goes: a sync has not happened, the rest is not durable.
      if crashes, operation == .sync { throw state.isOff(operation, path) }
      let value = try body(&state, file)
      if crashes { throw state.isOff(operation, path) }
      return value
    }
  }
}
