#if canImport(Darwin)
  internal import Darwin
#elseif canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#endif

/// What is done by path, and what the operating system's errors mean.
enum POSIXFile {
  static func makeDirectory(_ path: String) throws(StorageError) {
    guard mkdir(path, 0o755) != 0, errno != EEXIST else { return }
    throw error(.create, path)
  }

  static func names(in path: String) throws(StorageError) -> [String] {
    guard let directory = opendir(path) else { throw error(.list, path) }
    defer { closedir(directory) }
    var names: [String] = []
    errno = 0
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
        tuple.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: tuple.pointee)) {
          String(cString: $0)
        }
      }
      if name != ".", name != ".." { names.append(name) }
      errno = 0
    }
    guard errno == 0 else { throw error(.list, path) }
    return names.sorted()
  }

  static func rename(_ from: String, _ to: String) throws(StorageError) {
    #if canImport(Darwin)
      let status = Darwin.rename(from, to)
    #elseif canImport(Glibc)
      let status = Glibc.rename(from, to)
    #else
      let status = Musl.rename(from, to)
    #endif
    guard status == 0 else { throw error(.rename, from) }
  }

  static func remove(_ path: String) throws(StorageError) {
    guard unlink(path) == 0 else { throw error(.remove, path) }
  }

  // MARK: - Errors

  /// Calls once more what a signal has interrupted.
  static func retrying<Count: SignedInteger>(_ body: () -> Count) -> Count {
    while true {
      let result = body()
      if result >= 0 || errno != EINTR { return result }
    }
  }

  static func error(_ operation: StorageOperation, _ file: String, code: Int32 = errno) -> StorageError {
    let reason: StorageError.Reason =
      switch code {
      case ENOSPC, EDQUOT: .diskFull
      case ENOENT: .notFound
      case EEXIST: .exists
      default: .system(code: code, text: strerror(code).map { String(cString: $0) } ?? "unknown")
      }
    return StorageError(operation, file: file, reason)
  }
}
