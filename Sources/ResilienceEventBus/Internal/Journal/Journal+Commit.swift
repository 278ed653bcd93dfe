internal import ResilienceCore

// The first append that finds nobody writing writes for all that wait, once, and then lets the next one in
// the queue do the same. What is known of the tail is only changed by whoever writes.

extension Journal {
  /// Writes what waits, and hands over.
  nonisolated(nonsending) func lead() async {
    // Those that the write before has answered come again now, and else would wait for a whole sync.
    if policy.durability == .synced { await Task.yield() }
    let appends = takeBatch()
    let records = appends.flatMap(\.records)
    do {
      if !records.isEmpty {
        var offset = try await commit(records)
        for append in appends where !append.isClose {
          append.finish(.success(offset))
          offset += Int64(append.records.count)
        }
      }
    } catch {
      for append in appends where !append.isClose { append.finish(.failure(error)) }
    }
    if let last = appends.last, last.isClose { last.finish(await noteEnd()) }
    handOver()
  }

  /// As many appends as fit into one write.
  private func takeBatch() -> [PendingAppend] {
    var waiting = state.withLock { state in
      var taken = FIFO<PendingAppend>()
      if state.backlog.isEmpty { swap(&taken, &state.queue) } else { swap(&taken, &state.backlog) }
      return taken
    }
    var (batch, bytes): ([PendingAppend], Int) = ([], 0)
    while !waiting.isEmpty {
      let next = waiting.front
      if !batch.isEmpty, bytes + next.bytes > policy.maxBatchBytes { break }
      _ = waiting.popFirst()
      guard next.claim() else { continue }
      batch.append(next)
      bytes += next.bytes
    }
    let rest = waiting
    if !rest.isEmpty { state.withLock { $0.backlog = rest } }
    return batch
  }

  private func handOver() {
    while true {
      let next: PendingAppend? = state.withLock { state in
        if !state.backlog.isEmpty { return state.backlog.front }
        if !state.queue.isEmpty { return state.queue.front }
        state.isCommitting = false
        return nil
      }
      guard let next, !next.lead() else { return }
      // It was cancelled, and stays first in the queue until it is taken out here.
      state.withLock { state in
        _ = state.backlog.isEmpty ? state.queue.popFirst() : state.backlog.popFirst()
      }
    }
  }

  // MARK: - Writing

  /// - Returns: The offset of the first.
  private nonisolated(nonsending) func commit(
    _ records: [JournalRecord]
  ) async throws(JournalWriteFailed) -> Int64 {
    var tail = state.withLock { $0.tail }
    defer {
      let tail = tail
      state.withLock { $0.tail = tail }
    }
    var body: [UInt8] = []
    body.reserveCapacity(records.reduce(0) { $0 + RecordCoding.size($1) })
    var latestTime = tail.latestTime
    for record in records {
      RecordCoding.append(record, to: &body)
      latestTime = max(latestTime, record.time)
    }
    // There is always room left to note the end.
    if tail.mustRoll || tail.position + body.count + 2 * BatchHeader.bytes > policy.segmentBytes {
      try await roll(&tail)
    }
    let first = tail.nextOffset
    try await write(body, records.count, latestTime, &tail)
    publish(tail, appended: records.count)
    return first
  }

  private nonisolated(nonsending) func write(
    _ body: [UInt8], _ recordCount: Int, _ latestTime: UnixTime, _ tail: inout JournalTail
  ) async throws(JournalWriteFailed) {
    let header = BatchHeader(
      salt: tail.segment.header.salt, position: tail.position, firstOffset: tail.nextOffset,
      latestTime: latestTime, syncedThrough: tail.syncedThrough, recordCount: recordCount, body: body)
    do throws(StorageError) {
      try await tail.segment.file.write(header.encoded + body, at: tail.position)
    } catch {
      throw failed(.writeFailed(error), error)
    }
    if policy.durability == .synced || recordCount == 0 { try await sync(&tail, through: header.end) }
    tail.segment.progress.withLock { progress in
      progress.index?.add(header.firstOffset, at: header.position, latestTimeBefore: tail.latestTime)
      progress.end = header.end
    }
    tail.position = header.end
    tail.nextOffset += Int64(recordCount)
    tail.latestTime = latestTime
  }

  nonisolated(nonsending) func sync(
    _ tail: inout JournalTail, through position: Int
  ) async throws(JournalWriteFailed) {
    do throws(StorageError) {
      try await tail.segment.file.sync()
      tail.syncedThrough = position
    } catch {
      // The operating system may have dropped the bytes: the segment ends where it ended before.
      tail.mustRoll = true
      throw failed(.syncFailed(error), error)
    }
  }

  /// Makes durable what was acknowledged as written alone.
  nonisolated(nonsending) func syncWritten(_ tail: inout JournalTail) async throws(JournalWriteFailed) {
    guard tail.syncedThrough < tail.position else { return }
    if tail.mustRoll {
      do throws(StorageError) {
        try await tail.segment.file.rewrite(tail.syncedThrough..<tail.position)
      } catch {
        throw failed(.writeFailed(error), error)
      }
    }
    try await sync(&tail, through: tail.position)
  }

  private func publish(_ tail: JournalTail, appended: Int) {
    state.withLock { state in
      state.endOffset = tail.nextOffset
      state.counts.appended += appended
      state.counts.commits += 1
    }
  }

  func failed(_ kind: JournalEvent.Kind, _ error: StorageError) -> JournalWriteFailed {
    state.withLock { $0.counts.failures += 1 }
    tell(kind)
    return JournalWriteFailed(cause: error)
  }

  /// Writes a batch without records: all before it was durable.
  private nonisolated(nonsending) func noteEnd() async -> Result<Int64, any Error> {
    var tail = state.withLock { $0.tail }
    do throws(JournalWriteFailed) {
      try await syncWritten(&tail)
      if !tail.mustRoll, tail.position + BatchHeader.bytes <= policy.segmentBytes {
        try await write([], 0, tail.latestTime, &tail)
      }
      return .success(tail.nextOffset)
    } catch {
      return .failure(error)
    }
  }
}
