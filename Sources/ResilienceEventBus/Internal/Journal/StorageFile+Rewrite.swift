internal import ResilienceCore

extension StorageFile {
  /// Writes once more what reads show, so that the next sync takes it to the disk: after one that failed, the
  /// operating system takes it for written.
  func rewrite(_ range: Range<Int>, asZeros: Bool = false) async throws(StorageError) {
    var position = range.lowerBound
    while position < range.upperBound {
      let count = min(1 << 20, range.upperBound - position)
      let bytes =
        asZeros ? [UInt8](repeating: 0, count: count) : try await read(at: position, count: count)
      guard bytes.count == count else {
        throw StorageError(.read, file: path, .other("the file ends before byte \(range.upperBound)"))
      }
      try await write(bytes, at: position)
      position += count
    }
  }
}
