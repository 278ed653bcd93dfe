public import ResilienceCore

/// A directory on a disk in memory, which loses power, fills up, fails to sync and rots on request.
///
/// What was written is in the operating system's memory until it is synced. ``loseState()``, as a power cut,
/// keeps what was synced, and of the rest whichever sectors of 512 bytes chance has it: none, all, or every
/// other. Names are kept in the order in which they were changed, up to some change after the last sync of
/// the directory. ``kill()`` ends the process alone: the operating system's memory stays.
///
/// ```swift
/// let disk = SimulatedDisk(seed: 7)
/// disk.crash(afterChanges: 12)   // a power cut in the middle of the thirteenth change
/// try? await writeSomething(to: disk)
/// disk.loseState()                  // and the machine is there again
/// ```
///
/// Latencies pass on the caller's clock, usually that of a ``Simulation``. The directory belongs to one
/// process: files that were open before a power cut, or before the process was killed, fail.
public final class SimulatedDisk: StorageDirectory {
  /// The path that errors show.
  public let path: String

  let state: Lock<DiskState>
  private let random: SeededRandomSource
  private let latency: LatencyDistribution
  private let syncLatency: LatencyDistribution

  /// Creates an empty disk.
  ///
  /// - Parameters:
  ///   - path: For errors. Default: `disk`.
  ///   - seed: Decides what survives a power cut, and latencies.
  ///   - capacity: Bytes of all files, 0 or more. Default: no limit.
  ///   - latency: Of everything but a sync. Default: none.
  ///   - syncLatency: Of a sync. Default: none.
  public init(
    path: String = "disk", seed: UInt64, capacity: Int = .max, latency: LatencyDistribution = .zero,
    syncLatency: LatencyDistribution = .zero
  ) {
    precondition(capacity >= 0, "a disk's capacity must be 0 or more, was \(capacity)")
    self.path = path
    random = SeededRandomSource(seed: seed)
    self.latency = latency
    self.syncLatency = syncLatency
    state = Lock(DiskState(path: path, capacity: capacity))
  }

  // MARK: - StorageDirectory

  /// The names of all files, sorted.
  public func list() async throws(StorageError) -> [String] {
    try await perform(.list) { state, life throws(StorageError) in try state.list(life) }
  }

  /// Opens a file that is there.
  public func open(_ name: String) async throws(StorageError) -> any StorageFile {
    try await open(.open, name)
  }

  /// Creates a file that is not.
  public func create(_ name: String) async throws(StorageError) -> any StorageFile {
    try await open(.create, name)
  }

  /// Gives a file another name.
  public func rename(_ name: String, to other: String) async throws(StorageError) {
    try await perform(.rename) { state, life throws(StorageError) in
      try state.rename(name, to: other, life)
    }
  }

  /// Takes a file away.
  public func remove(_ name: String) async throws(StorageError) {
    try await perform(.remove) { state, life throws(StorageError) in try state.remove(name, life) }
  }

  /// Makes names durable.
  public func syncDirectory() async throws(StorageError) {
    try await perform(.syncDirectory) { state, life throws(StorageError) in try state.syncNames(life) }
  }

  /// Keeps others out; a power cut and a kill end it.
  public func lock() async throws(StorageError) -> StorageLock {
    let life = try await perform(.lock) { state, life throws(StorageError) in try state.lock(life) }
    return StorageLock { [weak self] in self?.state.withLock { $0.unlock(life) } }
  }

  private func open(
    _ operation: StorageOperation, _ name: String
  ) async throws(StorageError) -> any StorageFile {
    let (file, life) = try await perform(operation) { state, life throws(StorageError) in
      (try state.open(operation, name, life), life)
    }
    return SimulatedFile(path: "\(path)/\(name)", disk: self, file: file, life: life)
  }

  // MARK: - Passing time

  func perform<Value: Sendable>(
    _ operation: StorageOperation,
    _ body: @Sendable (inout DiskState, _ life: Int) throws(StorageError) -> Value
  ) async throws(StorageError) -> Value {
    let life = state.withLock { $0.life }
    let clock = CallContext.current.clock
    let isSync = operation == .sync || operation == .syncDirectory
    let nanoseconds = (isSync ? syncLatency : latency).nanoseconds(drawing: random.next)
    // Not `sleep`: a disk knows no cancellation.
    await withUnsafeContinuation { continuation in
      _ = clock.schedule(at: clock.now.advanced(byNanoseconds: nanoseconds)) { continuation.resume() }
    }
    let result: Result<Value, StorageError> = state.withLock { state in
      do throws(StorageError) {
        return .success(try body(&state, life))
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }

  func draw() -> UInt64 { random.next() }
}
