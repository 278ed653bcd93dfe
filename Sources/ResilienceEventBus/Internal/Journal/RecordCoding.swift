internal import ResilienceCore

/// A record as bytes: how many offsets are left out before it, the lengths, the time, key and payload.
enum RecordCoding {
  static let headBytes = 20
  private static let noKey = UInt32.max

  static func size(_ record: JournalRecord) -> Int {
    headBytes + (record.key?.count ?? 0) + record.payload.count
  }

  static func append(_ record: JournalRecord, skipping skipped: UInt32 = 0, to bytes: inout [UInt8]) {
    bytes.append(littleEndian: skipped)
    bytes.append(littleEndian: record.key.map { UInt32(truncatingIfNeeded: $0.count) } ?? noKey)
    bytes.append(littleEndian: UInt32(truncatingIfNeeded: record.payload.count))
    bytes.append(littleEndian: record.time.nanoseconds)
    if let key = record.key { bytes += key }
    bytes += record.payload
  }

  /// The entries of a batch; `nil` if the bytes are not those that its header counts.
  static func entries(_ body: [UInt8], of header: BatchHeader) -> [JournalEntry]? {
    var entries: [JournalEntry] = []
    entries.reserveCapacity(min(header.recordCount, body.count / headBytes))
    var (index, offset) = (0, header.firstOffset)
    while index < body.count {
      guard body.count - index >= headBytes else { return nil }
      offset &+= Int64(body.littleEndian(at: index, as: UInt32.self))
      let keyLength: UInt32 = body.littleEndian(at: index + 4)
      let key = index + headBytes
      let payload = key + (keyLength == noKey ? 0 : Int(keyLength))
      let end = payload + Int(body.littleEndian(at: index + 8, as: UInt32.self))
      guard end <= body.count else { return nil }
      let record = JournalRecord(
        Array(body[payload..<end]), key: keyLength == noKey ? nil : Array(body[key..<payload]),
        time: UnixTime(nanoseconds: body.littleEndian(at: index + 12)))
      entries.append(JournalEntry(offset: offset, record: record))
      (index, offset) = (end, offset &+ 1)
    }
    return entries.count == header.recordCount ? entries : nil
  }
}
