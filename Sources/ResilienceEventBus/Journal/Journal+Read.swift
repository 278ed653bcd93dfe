public import ResilienceCore

extension Journal {
  /// Reads records in their order; only durable ones.
  ///
  /// Reading goes on with the offset after the last entry's. At the end there is nothing, until more is
  /// appended.
  ///
  /// - Parameters:
  ///   - offset: Where to begin. If there is no such record any more (it is before ``firstOffset``, or was
  ///     compacted away) the next that is there is the first: the entries say their offsets.
  ///   - limit: The most records, 1 or more. Default: 1000.
  ///   - maxBytes: No record is added to so many bytes of keys and payloads; one is read in any case.
  ///     Default: 1 MiB.
  /// - Throws: ``JournalDamaged``, `StorageError`, ``JournalClosed``.
  public nonisolated(nonsending) func records(
    from offset: Int64, limit: Int = 1000, maxBytes: Int = 1 << 20
  ) async throws -> [JournalEntry] {
    try checkOpen()
    var entries: [JournalEntry] = []
    var room = maxBytes
    try await visit(from: offset) { batch in
      for entry in batch where entry.offset >= offset {
        if entries.count >= max(1, limit) || (room <= 0 && !entries.isEmpty) { return false }
        entries.append(entry)
        room -= entry.record.payload.count + (entry.record.key?.count ?? 0)
      }
      return true
    }
    return entries
  }

  /// The offset of the first record of a time or a later one; ``endOffset`` if there is none.
  ///
  /// Records are in the order in which they were appended: later ones may have an earlier time.
  ///
  /// - Throws: As ``records(from:limit:maxBytes:)``.
  public nonisolated(nonsending) func offset(at time: UnixTime) async throws -> Int64 {
    try checkOpen()
    let (segments, end) = view()
    // The last that begins before there was such a record.
    let index = segments.lastIndex { $0.header.latestTimeBefore < time } ?? 0
    var found: Int64?
    for segment in segments[index...] where found == nil {
      let position = try await indexed(segment).position(at: time)
      try await visit(segment, from: position, before: end) { batch in
        found = batch.first { $0.record.time >= time }?.offset
        return found == nil
      }
    }
    return found ?? end
  }

  // MARK: - Within

  private func view() -> (segments: [Segment], end: Int64) {
    state.withLock { ($0.segments.segments, $0.endOffset) }
  }

  /// Calls `body` for each batch, until it returns `false`.
  nonisolated(nonsending) func visit(
    from offset: Int64, _ body: ([JournalEntry]) -> Bool
  ) async throws {
    let (segments, end) = view()
    guard offset < end else { return }
    let first = SegmentList(segments: segments).index(of: offset)
    for (index, segment) in segments[first...].enumerated() {
      let position = index == 0 ? try await indexed(segment).position(of: offset) : nil
      guard try await visit(segment, from: position, before: end, body) else { return }
    }
  }

  /// - Returns: Whether to go on.
  @discardableResult
  nonisolated(nonsending) func visit(
    _ segment: Segment, from position: Int? = nil, before end: Int64, _ body: ([JournalEntry]) -> Bool
  ) async throws -> Bool {
    var reader = BatchReader(segment, from: position, to: segment.end)
    while let batch = try await reader.nextWhole(of: segment) {
      guard let entries = RecordCoding.entries(batch.body, of: batch.header) else {
        throw JournalDamaged(
          file: segment.file.path, position: batch.header.position, reason: "a batch's records do not fit it")
      }
      // What is written at this moment belongs to the next call.
      let visible = (entries.last?.offset ?? 0) < end ? entries : entries.filter { $0.offset < end }
      guard body(visible) else { return false }
    }
    return true
  }

  /// The segment's index, which is made when it is needed for the first time.
  private nonisolated(nonsending) func indexed(_ segment: Segment) async throws -> SparseIndex {
    if let index = segment.progress.withLock({ $0.index }) { return index }
    var index = SparseIndex(step: policy.indexStepBytes)
    var latestTime = segment.header.latestTimeBefore
    var reader = BatchReader(segment, to: segment.end)
    while let batch = try await reader.nextWhole(of: segment) {
      index.add(batch.header.firstOffset, at: batch.header.position, latestTimeBefore: latestTime)
      latestTime = batch.header.latestTime
    }
    let made = index
    segment.progress.withLock { $0.index = made }
    return made
  }
}

extension BatchReader {
  /// The next batch of what was durable; `nil` at the end.
  mutating func nextWhole(of segment: Segment) async throws -> Batch? {
    switch try await next() {
    case .batch(let batch): return batch
    case .end: return nil
    case .invalid(let reason):
      throw JournalDamaged(file: segment.file.path, position: position, reason: reason)
    }
  }
}
