#if canImport(Darwin)
  internal import Darwin
#elseif canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#endif

/// An open file of the operating system's; every call may block.
struct FileDescriptor: Sendable {
  let number: Int32

  // MARK: - Opening

  static func open(_ path: String, isNew: Bool) throws(StorageError) -> FileDescriptor {
    let flags = O_RDWR | O_CLOEXEC | (isNew ? O_CREAT | O_EXCL : 0)
    let number = POSIXFile.retrying { systemOpen(path, flags) }
    guard number >= 0 else { throw POSIXFile.error(isNew ? .create : .open, path) }
    return FileDescriptor(number: number)
  }

  static func openDirectory(_ path: String) throws(StorageError) -> FileDescriptor {
    let number = POSIXFile.retrying { systemOpen(path, O_RDONLY | O_CLOEXEC | O_DIRECTORY) }
    guard number >= 0 else { throw POSIXFile.error(.open, path) }
    return FileDescriptor(number: number)
  }

  static func openLocked(_ path: String, directory: String) throws(StorageError) -> FileDescriptor {
    let number = POSIXFile.retrying { systemOpen(path, O_RDWR | O_CREAT | O_CLOEXEC) }
    guard number >= 0 else { throw POSIXFile.error(.lock, directory) }
    let descriptor = FileDescriptor(number: number)
    guard POSIXFile.retrying({ flock(number, LOCK_EX | LOCK_NB) }) == 0 else {
      let error = POSIXFile.error(.lock, directory)
      defer { descriptor.close() }
      guard case .system(EWOULDBLOCK, _) = error.reason else { throw error }
      let text = (try? descriptor.read(path, at: 0, count: 20)) ?? []
      let isNumber = !text.isEmpty && text.allSatisfy { (0x30...0x39).contains($0) }
      let holder = isNumber ? "process \(String(decoding: text, as: UTF8.self))" : "another process"
      throw StorageError(.lock, file: directory, .locked(holder: holder))
    }
    // Whose it is only helps the reader of an error: on a full disk it stays unsaid.
    try? descriptor.truncate(path, 0)
    try? descriptor.write(path, Array("\(getpid())".utf8), at: 0)
    return descriptor
  }

  private static func systemOpen(_ path: String, _ flags: Int32) -> Int32 {
    #if canImport(Darwin)
      Darwin.open(path, flags, 0o644)
    #elseif canImport(Glibc)
      Glibc.open(path, flags, 0o644)
    #else
      Musl.open(path, flags, 0o644)
    #endif
  }

  func close() {
    #if canImport(Darwin)
      _ = Darwin.close(number)
    #elseif canImport(Glibc)
      _ = Glibc.close(number)
    #else
      _ = Musl.close(number)
    #endif
  }

  // MARK: - Bytes

  func size(_ path: String) throws(StorageError) -> Int {
    let end = lseek(number, 0, SEEK_END)
    guard end >= 0 else { throw POSIXFile.error(.measure, path) }
    return Int(end)
  }

  func read(_ path: String, at position: Int, count: Int) throws(StorageError) -> [UInt8] {
    guard count > 0 else { return [] }
    var failed = false
    let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      while filled < count {
        let part = POSIXFile.retrying {
          pread(number, buffer.baseAddress.map { $0 + filled }, count - filled, off_t(position + filled))
        }
        failed = part < 0
        guard part > 0 else { return }
        filled += part
      }
    }
    if failed { throw POSIXFile.error(.read, path) }
    return bytes
  }

  func write(_ path: String, _ bytes: [UInt8], at position: Int) throws(StorageError) {
    var done = 0
    while done < bytes.count {
      let part = bytes.withUnsafeBytes { buffer in
        POSIXFile.retrying {
          pwrite(
            number, buffer.baseAddress.map { $0 + done }, buffer.count - done, off_t(position + done))
        }
      }
      guard part > 0 else {
        if part == 0 { errno = ENOSPC }
        throw POSIXFile.error(.write, path)
      }
      done += part
    }
  }

  func truncate(_ path: String, _ size: Int) throws(StorageError) {
    guard POSIXFile.retrying({ ftruncate(number, off_t(size)) }) == 0 else {
      throw POSIXFile.error(.truncate, path)
    }
  }

  func preallocate(_ path: String, _ size: Int) throws(StorageError) {
    #if canImport(Darwin)
      var store = fstore_t(
        fst_flags: UInt32(F_ALLOCATEALL), fst_posmode: F_PEOFPOSMODE, fst_offset: 0,
        fst_length: off_t(size), fst_bytesalloc: 0)
      // A file system that cannot allocate ahead is used as it is; one that is full says so here.
      if fcntl(number, F_PREALLOCATE, &store) == -1, errno == ENOSPC {
        throw POSIXFile.error(.preallocate, path)
      }
      guard try self.size(path) < size else { return }
      try truncate(path, size)
    #else
      let code = posix_fallocate(number, 0, off_t(size))
      guard code == 0 else { throw POSIXFile.error(.preallocate, path, code: code) }
    #endif
  }

  // MARK: - Durability

  func syncData(_ path: String) throws(StorageError) {
    #if canImport(Darwin)
      let status = fcntl(number, F_FULLFSYNC)
    #else
      let status = fdatasync(number)
    #endif
    guard status != -1 else { throw POSIXFile.error(.sync, path) }
  }

  func syncAll(_ path: String) throws(StorageError) {
    guard fsync(number) == 0 else { throw POSIXFile.error(.syncDirectory, path) }
  }
}
