internal import ResilienceCore

/// Reads the batches of a file, one after the other, in pieces.
struct BatchReader {
  struct Batch: Sendable {
    let header: BatchHeader
    let body: [UInt8]
  }

  enum Step: Sendable {
    case batch(Batch)
    case end
    case invalid(String)
  }

  private static var pieceBytes: Int { 256 << 10 }

  private let file: any StorageFile
  private let salt: UInt64
  private let end: Int
  private(set) var position: Int
  private var buffer: [UInt8] = []
  private var bufferStart: Int

  init(_ segment: Segment, from position: Int? = nil, to end: Int) {
    self.init(segment.file, salt: segment.header.salt, from: position ?? SegmentHeader.bytes, to: end)
  }

  init(_ file: any StorageFile, salt: UInt64, from position: Int, to end: Int) {
    self.file = file
    self.salt = salt
    self.end = end
    self.position = position
    bufferStart = position
  }

  mutating func next() async throws(StorageError) -> Step {
    guard position < end else { return .end }
    guard end - position >= BatchHeader.bytes else { return .invalid("no batch fits in what is left") }
    guard try await load(BatchHeader.bytes) else { return .invalid("the file is too short") }
    guard
      let header = BatchHeader(buffer, at: position - bufferStart, position: position, salt: salt)
    else { return .invalid("there is no header of a batch") }
    guard header.end <= end else { return .invalid("a batch goes on beyond the end") }
    guard try await load(header.end - position) else { return .invalid("the file is too short") }
    let start = position - bufferStart + BatchHeader.bytes
    let body = Array(buffer[start..<start + header.bodyBytes])
    guard CRC32C.checksum(body) == header.bodyChecksum else {
      return .invalid("the checksum of a batch is wrong")
    }
    position = header.end
    return .batch(Batch(header: header, body: body))
  }

  /// Has so many bytes from the position in the buffer; `false` at the end of the file.
  private mutating func load(_ count: Int) async throws(StorageError) -> Bool {
    let index = position - bufferStart
    if index + count <= buffer.count { return true }
    let wanted = min(end - position, max(count, Self.pieceBytes))
    buffer = try await file.read(at: position, count: wanted)
    bufferStart = position
    return buffer.count >= count
  }
}
