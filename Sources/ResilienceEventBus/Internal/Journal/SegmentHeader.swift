internal import ResilienceCore

/// The first 128 bytes of a segment; the page "The format of a journal" has them byte by byte.
struct SegmentHeader: Equatable, Sendable {
  static let bytes = 128
  static let version: UInt32 = 1
  private static let magic: UInt64 = 0x314C_4E52_4A53_4552  // "RESJRNL1"

  var sequence: Int64
  var firstOffset: Int64
  /// What batches must name, so that bytes of another file are no batches of this one.
  var salt: UInt64
  /// Where the segment before this one ends, in bytes; 0 for the first segment ever.
  var previousEnd: Int
  /// The latest time of all records before this segment.
  var latestTimeBefore: UnixTime
  /// Of a compacted segment, which is written at once: where it ends, and which offset follows.
  var compacted: Compacted?

  struct Compacted: Equatable, Sendable {
    var end: Int
    var endOffset: Int64
    var latestTime: UnixTime
  }

  var encoded: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(Self.bytes)
    bytes.append(littleEndian: Self.magic)
    bytes.append(littleEndian: Self.version)
    bytes.append(littleEndian: UInt32(compacted == nil ? 0 : 1))
    bytes.append(littleEndian: sequence)
    bytes.append(littleEndian: firstOffset)
    bytes.append(littleEndian: salt)
    bytes.append(littleEndian: Int64(previousEnd))
    bytes.append(littleEndian: latestTimeBefore.nanoseconds)
    bytes.append(littleEndian: Int64(compacted?.end ?? 0))
    bytes.append(littleEndian: compacted?.endOffset ?? 0)
    bytes.append(littleEndian: compacted?.latestTime.nanoseconds ?? 0)
    bytes += [UInt8](repeating: 0, count: Self.bytes - 4 - bytes.count)
    bytes.append(littleEndian: CRC32C.checksum(bytes))
    return bytes
  }

  enum Unreadable: Error { case header, version(UInt32) }

  init(_ bytes: [UInt8]) throws(Unreadable) {
    guard bytes.count == Self.bytes, bytes.littleEndian(at: 0) == Self.magic,
      bytes.littleEndian(at: 124) == CRC32C.checksum(bytes.prefix(124))
    else { throw .header }
    let version: UInt32 = bytes.littleEndian(at: 8)
    guard version == Self.version else { throw .version(version) }
    sequence = bytes.littleEndian(at: 16)
    firstOffset = bytes.littleEndian(at: 24)
    salt = bytes.littleEndian(at: 32)
    previousEnd = Int(clamping: bytes.littleEndian(at: 40, as: Int64.self))
    latestTimeBefore = UnixTime(nanoseconds: bytes.littleEndian(at: 48))
    guard bytes.littleEndian(at: 12, as: UInt32.self) == 1 else { return }
    compacted = Compacted(
      end: Int(clamping: bytes.littleEndian(at: 56, as: Int64.self)),
      endOffset: bytes.littleEndian(at: 64), latestTime: UnixTime(nanoseconds: bytes.littleEndian(at: 72)))
  }

  init(
    sequence: Int64, firstOffset: Int64, salt: UInt64, previousEnd: Int, latestTimeBefore: UnixTime,
    compacted: Compacted? = nil
  ) {
    self.sequence = sequence
    self.firstOffset = firstOffset
    self.salt = salt
    self.previousEnd = previousEnd
    self.latestTimeBefore = latestTimeBefore
    self.compacted = compacted
  }
}
