internal import ResilienceCore

extension Journal {
  /// Takes out the records whose key a later record has: the latest of each key stays, and what has no key.
  /// Offsets do not change; between those that stay there are gaps.
  ///
  /// The file that is written is left as it is, but its records count. Appends and reads go on meanwhile. The
  /// keys of the whole journal are in memory until it is done.
  ///
  /// - Parameter age: How long a tombstone stays, so that readers that are behind see it. Default: a day, as
  ///   Kafka's `delete.retention.ms`.
  /// - Returns: How many records were taken out.
  /// - Throws: ``JournalDamaged``, ``JournalWriteFailed``, `StorageError`, ``JournalClosed``;
  ///   `CancellationError`.
  @discardableResult
  public nonisolated(nonsending) func compact(
    keepingTombstonesFor age: Duration = .seconds(86_400)
  ) async throws -> Int {
    try await maintaining {
      let oldest = CallContext.current.clock.unixTime.advanced(by: .zero - age)
      var latest: [[UInt8]: Int64] = [:]
      try await visit(from: firstOffset) { batch in
        for entry in batch { if let key = entry.record.key { latest[key] = entry.offset } }
        return true
      }
      var removed = 0
      let segments = list.segments
      for (segment, next) in zip(segments, segments.dropFirst()) {
        try Task.checkCancellation()
        removed += try await compact(segment, before: next) { entry in
          guard let key = entry.record.key else { return true }
          return latest[key] == entry.offset
            && !(entry.record.isTombstone && entry.record.time < oldest)
        }
      }
      if removed > 0 { tell(.compacted(records: removed)) }
      return removed
    }
  }

  private nonisolated(nonsending) func compact(
    _ segment: Segment, before next: Segment, keeping isKept: (JournalEntry) -> Bool
  ) async throws -> Int {
    var writer = CompactedSegment(segment.header)
    var removed = 0
    var reader = BatchReader(segment, to: segment.end)
    while let batch = try await reader.nextWhole(of: segment) {
      guard let entries = RecordCoding.entries(batch.body, of: batch.header) else {
        throw JournalDamaged(
          file: segment.file.path, position: batch.header.position, reason: "a batch's records do not fit it")
      }
      let kept = entries.filter(isKept)
      removed += entries.count - kept.count
      writer.add(kept, latestTime: batch.header.latestTime)
    }
    guard removed > 0 else { return 0 }
    let bytes = writer.finish(endOffset: next.header.firstOffset, latestTime: next.header.latestTimeBefore)
    let replacement: Segment
    do throws(StorageError) {
      replacement = try await exchange(segment, writer.header, bytes)
    } catch {
      try? await directory.remove(Segment.temporaryName(segment.header.sequence))
      throw failed(.writeFailed(error), error)
    }
    changeSegments { $0.map { $0 === segment ? replacement : $0 } }
    return removed
  }

  /// Puts the new file in the place of the old one, in one step, once it is durable.
  private nonisolated(nonsending) func exchange(
    _ segment: Segment, _ header: SegmentHeader, _ bytes: [UInt8]
  ) async throws(StorageError) -> Segment {
    let temporary = Segment.temporaryName(header.sequence)
    let file = try await Segment.newFile(temporary, in: directory)
    try await file.write(bytes, at: 0)
    try await file.sync()
    try await directory.rename(temporary, to: segment.name)
    try await directory.syncDirectory()
    return Segment(header, try await directory.open(segment.name), end: bytes.count)
  }
}
