/// An open file of a ``LocalDirectory``.
final class LocalFile: StorageFile {
  let path: String
  private let thread: FileThread
  private let descriptor: FileDescriptor

  init(path: String, thread: FileThread, descriptor: FileDescriptor) {
    self.path = path
    self.thread = thread
    self.descriptor = descriptor
  }

  deinit {
    let descriptor = descriptor
    thread.submit { descriptor.close() }
  }

  func size() async throws(StorageError) -> Int {
    try await run { (descriptor, path) throws(StorageError) in try descriptor.size(path) }
  }

  func read(at position: Int, count: Int) async throws(StorageError) -> [UInt8] {
    try await run { (descriptor, path) throws(StorageError) in
      try descriptor.read(path, at: position, count: count)
    }
  }

  func write(_ bytes: [UInt8], at position: Int) async throws(StorageError) {
    try await run { (descriptor, path) throws(StorageError) in
      try descriptor.write(path, bytes, at: position)
    }
  }

  func preallocate(_ size: Int) async throws(StorageError) {
    try await run { (descriptor, path) throws(StorageError) in try descriptor.preallocate(path, size) }
  }

  func sync() async throws(StorageError) {
    try await run { (descriptor, path) throws(StorageError) in try descriptor.syncData(path) }
  }

  func truncate(_ size: Int) async throws(StorageError) {
    try await run { (descriptor, path) throws(StorageError) in try descriptor.truncate(path, size) }
  }

  private func run<Value: Sendable>(
    _ body: @escaping @Sendable (FileDescriptor, String) throws(StorageError) -> Value
  ) async throws(StorageError) -> Value {
    let (descriptor, path) = (descriptor, path)
    return try await thread.run { () throws(StorageError) in try body(descriptor, path) }
  }
}
