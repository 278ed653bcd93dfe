internal import ResilienceCore

/// Finds out where the last segment of a journal ends, after whatever has happened.
struct TailRecovery {
  struct Found: Sendable {
    var end = SegmentHeader.bytes
    var endOffset: Int64
    var latestTime: UnixTime
    /// Up to where the file was known to be durable.
    var syncedThrough = SegmentHeader.bytes
    /// Up to where there are bytes that are not zeros.
    var usedEnd = SegmentHeader.bytes
    var index: SparseIndex
  }

  private static let pieceBytes = 1 << 20

  let file: any StorageFile
  let header: SegmentHeader
  let size: Int

  /// - Throws: ``JournalDamaged`` if what does not stand there any more was durable.
  func run(indexStep: Int) async throws -> Found {
    var found = Found(
      endOffset: header.firstOffset, latestTime: header.latestTimeBefore,
      index: SparseIndex(step: indexStep))
    var reader = BatchReader(file, salt: header.salt, from: SegmentHeader.bytes, to: size)
    loop: while true {
      switch try await reader.next() {
      case .batch(let batch):
        guard batch.header.firstOffset == found.endOffset else {
          throw JournalDamaged(
            file: file.path, position: batch.header.position,
            reason: "a batch begins with record \(batch.header.firstOffset), not \(found.endOffset)")
        }
        found.index.add(
          found.endOffset, at: batch.header.position, latestTimeBefore: found.latestTime)
        found.endOffset += Int64(batch.header.recordCount)
        found.latestTime = batch.header.latestTime
        found.syncedThrough = max(found.syncedThrough, batch.header.syncedThrough)
        found.end = batch.header.end
      case .end: break loop
      case .invalid(let reason):
        found.usedEnd = try await search(after: found.end, reason: reason)
        break loop
      }
    }
    found.usedEnd = max(found.usedEnd, found.end)
    return found
  }

  /// Looks for a batch that was written when `position` was durable.
  ///
  /// - Returns: Where the last byte that is no zero ends.
  private func search(after position: Int, reason: String) async throws -> Int {
    var (start, usedEnd) = (position, position)
    while start < size {
      let piece = try await file.read(at: start, count: min(size - start, Self.pieceBytes))
      guard !piece.isEmpty else { break }
      var index = 0
      while let candidate = Self.used(in: piece, from: index) {
        usedEnd = max(usedEnd, start + candidate + 1)
        let later = BatchHeader(piece, at: candidate, position: start + candidate, salt: header.salt)
        if let later, later.syncedThrough > position {
          throw JournalDamaged(
            file: file.path, position: position,
            reason: "\(reason), though a batch at byte \(start + candidate) says that it was durable")
        }
        index = candidate + 1
      }
      // A header may lie across the pieces.
      guard start + piece.count < size else { break }
      start += max(1, piece.count - BatchHeader.bytes + 1)
    }
    return usedEnd
  }

  /// The next byte that is no zero.
  private static func used(in piece: [UInt8], from start: Int) -> Int? {
    piece.withUnsafeBytes { bytes in
      var index = start
      while index &+ 8 <= bytes.count, bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self) == 0 {
        index &+= 8
      }
      while index < bytes.count, bytes[index] == 0 { index &+= 1 }
      return index < bytes.count ? index : nil
    }
  }
}
