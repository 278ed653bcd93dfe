/// A directory of the operating system's.
///
/// Reading, writing and syncing block, so they run one after the other on a thread of the directory's own:
/// no thread of Swift's concurrency waits for a disk. The thread ends when the directory and its files are
/// not referenced any more.
///
/// Durable is what the operating system calls so: `fdatasync` on Linux, `F_FULLFSYNC` on Apple's systems.
public final class LocalDirectory: StorageDirectory {
  /// The path.
  public let path: String

  private let thread: FileThread
  private let descriptor: FileDescriptor

  /// Opens a directory, and creates it if need be; those above it must be there.
  ///
  /// - Parameter path: Absolute, or from the process's working directory.
  /// - Throws: ``StorageError``.
  public init(path: String) async throws(StorageError) {
    self.path = path
    guard let thread = FileThread() else {
      throw StorageError(.open, file: path, .other("no thread could be started"))
    }
    self.thread = thread
    descriptor = try await thread.run { () throws(StorageError) in
      try POSIXFile.makeDirectory(path)
      return try FileDescriptor.openDirectory(path)
    }
  }

  deinit {
    let descriptor = descriptor
    thread.submit { descriptor.close() }
  }

  /// The names of all files, sorted.
  public func list() async throws(StorageError) -> [String] {
    let path = path
    return try await thread.run { () throws(StorageError) in try POSIXFile.names(in: path) }
  }

  /// Opens a file that is there.
  public func open(_ name: String) async throws(StorageError) -> any StorageFile {
    try await open(name, isNew: false)
  }

  /// Creates a file that is not.
  public func create(_ name: String) async throws(StorageError) -> any StorageFile {
    try await open(name, isNew: true)
  }

  private func open(_ name: String, isNew: Bool) async throws(StorageError) -> any StorageFile {
    let path = path(of: name)
    let descriptor = try await thread.run { () throws(StorageError) in
      try FileDescriptor.open(path, isNew: isNew)
    }
    return LocalFile(path: path, thread: thread, descriptor: descriptor)
  }

  /// Gives a file another name.
  public func rename(_ name: String, to other: String) async throws(StorageError) {
    let (from, to) = (path(of: name), path(of: other))
    try await thread.run { () throws(StorageError) in try POSIXFile.rename(from, to) }
  }

  /// Takes a file away.
  public func remove(_ name: String) async throws(StorageError) {
    let path = path(of: name)
    try await thread.run { () throws(StorageError) in try POSIXFile.remove(path) }
  }

  /// Makes names durable.
  public func syncDirectory() async throws(StorageError) {
    let (descriptor, path) = (descriptor, path)
    try await thread.run { () throws(StorageError) in try descriptor.syncAll(path) }
  }

  /// Keeps others out, other processes and this one: with `flock` on a file named `lock`, in which the
  /// holder's process number stands.
  public func lock() async throws(StorageError) -> StorageLock {
    let (path, file) = (path, path(of: "lock"))
    let descriptor = try await thread.run { () throws(StorageError) in
      try FileDescriptor.openLocked(file, directory: path)
    }
    // At once, so that the next one may have it: closing this file waits for no disk.
    return StorageLock { descriptor.close() }
  }

  private func path(of name: String) -> String { "\(path)/\(name)" }
}
