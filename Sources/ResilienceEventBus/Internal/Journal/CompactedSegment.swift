internal import ResilienceCore

/// The bytes of a segment from which records were taken out.
struct CompactedSegment {
  private(set) var header: SegmentHeader
  private var bytes = [UInt8](repeating: 0, count: SegmentHeader.bytes)

  init(_ header: SegmentHeader) {
    self.header = header
    self.header.compacted = nil
  }

  /// Adds what is left of a batch.
  mutating func add(_ entries: [JournalEntry], latestTime: UnixTime) {
    var rest = entries[...]
    while let first = rest.first {
      var (body, count, next) = ([UInt8](), 0, first.offset)
      while let entry = rest.first, let skipped = UInt32(exactly: entry.offset - next) {
        RecordCoding.append(entry.record, skipping: skipped, to: &body)
        rest.removeFirst()
        (count, next) = (count + 1, entry.offset + 1)
      }
      let batch = BatchHeader(
        salt: header.salt, position: bytes.count, firstOffset: first.offset, latestTime: latestTime,
        syncedThrough: bytes.count, recordCount: count, body: body)
      bytes += batch.encoded
      bytes += body
    }
  }

  /// All bytes, with the header.
  mutating func finish(endOffset: Int64, latestTime: UnixTime) -> [UInt8] {
    header.compacted = SegmentHeader.Compacted(
      end: bytes.count, endOffset: endOffset, latestTime: latestTime)
    bytes.replaceSubrange(0..<SegmentHeader.bytes, with: header.encoded)
    return bytes
  }
}
