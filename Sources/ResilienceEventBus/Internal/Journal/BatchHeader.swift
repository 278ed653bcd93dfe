internal import ResilienceCore

/// The first 64 bytes of a batch; the page "The format of a journal" has them byte by byte.
struct BatchHeader: Equatable, Sendable {
  static let bytes = 64
  static let magic: UInt32 = 0x3142_4A52  // "RJB1"

  var salt: UInt64
  /// Where the batch is in its file: a copy of it elsewhere is none.
  var position: Int
  var firstOffset: Int64
  /// The latest time of all records up to the last of this batch.
  var latestTime: UnixTime
  /// Up to where the file was known to be durable when the batch was written.
  var syncedThrough: Int
  var bodyBytes: Int
  var recordCount: Int
  var bodyChecksum: UInt32

  var end: Int { position + Self.bytes + bodyBytes }

  var encoded: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(Self.bytes)
    bytes.append(littleEndian: Self.magic)
    bytes.append(littleEndian: SegmentHeader.version)
    bytes.append(littleEndian: salt)
    bytes.append(littleEndian: Int64(position))
    bytes.append(littleEndian: firstOffset)
    bytes.append(littleEndian: latestTime.nanoseconds)
    bytes.append(littleEndian: Int64(syncedThrough))
    bytes.append(littleEndian: UInt32(truncatingIfNeeded: bodyBytes))
    bytes.append(littleEndian: UInt32(truncatingIfNeeded: recordCount))
    bytes.append(littleEndian: bodyChecksum)
    bytes.append(littleEndian: CRC32C.checksum(bytes))
    return bytes
  }

  /// `nil` if there is none at this place, which is `position` in its file.
  init?(_ bytes: [UInt8], at index: Int, position: Int, salt: UInt64) {
    guard index + Self.bytes <= bytes.count, bytes.littleEndian(at: index) == Self.magic,
      bytes.littleEndian(at: index + 60) == CRC32C.checksum(bytes[index..<index + 60]),
      bytes.littleEndian(at: index + 4) == SegmentHeader.version,
      bytes.littleEndian(at: index + 8) == salt, bytes.littleEndian(at: index + 16) == Int64(position)
    else { return nil }
    self.salt = salt
    self.position = position
    firstOffset = bytes.littleEndian(at: index + 24)
    latestTime = UnixTime(nanoseconds: bytes.littleEndian(at: index + 32))
    syncedThrough = Int(clamping: bytes.littleEndian(at: index + 40, as: Int64.self))
    bodyBytes = Int(bytes.littleEndian(at: index + 48, as: UInt32.self))
    recordCount = Int(bytes.littleEndian(at: index + 52, as: UInt32.self))
    bodyChecksum = bytes.littleEndian(at: index + 56)
  }

  init(
    salt: UInt64, position: Int, firstOffset: Int64, latestTime: UnixTime, syncedThrough: Int,
    recordCount: Int, body: some Collection<UInt8>
  ) {
    self.salt = salt
    self.position = position
    self.firstOffset = firstOffset
    self.latestTime = latestTime
    self.syncedThrough = syncedThrough
    self.recordCount = recordCount
    bodyBytes = body.count
    bodyChecksum = CRC32C.checksum(body)
  }
}
