internal import ResilienceCore

extension Journal {
  /// Appends records, all or none of them, and returns when they are durable.
  ///
  /// A call that is cancelled throws at once if another one writes; its records may then be there or not. The
  /// call that writes for all goes on to the end.
  ///
  /// - Parameter records: They get consecutive offsets, in this order. None are nothing.
  /// - Returns: Their offsets.
  /// - Throws: ``JournalWriteFailed``, ``JournalAppendTooLarge``, ``JournalClosed``; `CancellationError`.
  @discardableResult
  public nonisolated(nonsending) func append(_ records: [JournalRecord]) async throws -> Range<Int64> {
    let append = PendingAppend(records, bytes: try size(of: records))
    try Task.checkCancellation()
    let leads = try enqueue(append)
    guard !records.isEmpty else { return endOffset..<endOffset }
    if !leads, let first = try await append.wait() { return first..<first + Int64(records.count) }
    await lead()
    return try append.offsets()
  }

  /// The same, whatever happens to the task: what it returns or throws is what was done.
  nonisolated(nonsending) func appendUninterrupted(
    _ records: [JournalRecord]
  ) async throws -> Range<Int64> {
    let append = PendingAppend(records, bytes: try size(of: records))
    let leads = try enqueue(append)
    guard !records.isEmpty else { return endOffset..<endOffset }
    if !leads { await append.waitUninterrupted() }
    if try append.result() == nil { await lead() }
    return try append.offsets()
  }

  /// Appends one record, and returns when it is durable.
  ///
  /// - Returns: Its offset.
  /// - Throws: As ``append(_:)-([JournalRecord])``.
  @discardableResult
  public nonisolated(nonsending) func append(_ record: JournalRecord) async throws -> Int64 {
    try await append([record]).lowerBound
  }

  /// - Returns: Whether it is the one that writes.
  private func enqueue(_ append: PendingAppend) throws(JournalClosed) -> Bool {
    let leads: Bool? = state.withLock { state in
      guard !state.isClosed else { return nil }
      guard !append.records.isEmpty else { return true }
      state.queue.append(append)
      defer { state.isCommitting = true }
      return !state.isCommitting
    }
    guard let leads else { throw JournalClosed(directory: directory.path) }
    return leads
  }

  private func size(of records: [JournalRecord]) throws(JournalAppendTooLarge) -> Int {
    var total = 0
    for record in records {
      let bytes = RecordCoding.size(record)
      guard bytes - RecordCoding.headBytes <= policy.maxRecordBytes else {
        throw JournalAppendTooLarge(
          bytes: bytes - RecordCoding.headBytes, limit: policy.maxRecordBytes, field: "maxRecordBytes")
      }
      total += bytes
    }
    guard total <= policy.maxBatchBytes else {
      throw JournalAppendTooLarge(bytes: total, limit: policy.maxBatchBytes, field: "maxBatchBytes")
    }
    return total
  }
}
