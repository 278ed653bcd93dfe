internal import ResilienceCore

extension Journal {
  /// Removes what nobody needs any more: files whose records are all before an offset.
  ///
  /// Whole files are removed, and never the one that is written: records before the offset may still be
  /// there.
  ///
  /// - Parameter offset: The first that is still needed, such as the lowest that a consumer has not
  ///   acknowledged.
  /// - Throws: `StorageError`: what could not be removed is not read any more, and is there again when the
  ///   journal is opened the next time; ``JournalClosed``; `CancellationError`.
  public nonisolated(nonsending) func discard(before offset: Int64) async throws {
    try await maintaining { try await remove(while: { _, next in next.header.firstOffset <= offset }) }
  }

  /// Removes what is beyond the policy's size and age, as is done whenever a file is full: for a journal to
  /// which little is appended.
  ///
  /// - Throws: As ``discard(before:)``.
  public nonisolated(nonsending) func applyRetention() async throws {
    try await maintaining { try await removeByPolicy() }
  }

  // MARK: - Within

  nonisolated(nonsending) func maintaining<Value>(
    _ body: nonisolated(nonsending) () async throws -> Value
  ) async throws -> Value {
    try checkOpen()
    try await maintenance.take()
    defer { maintenance.give() }
    return try await body()
  }

  /// After a file was begun: an error here is no appender's.
  nonisolated(nonsending) func retain() async {
    do {
      try await removeByPolicy()
    } catch let error as StorageError {
      _ = failed(.writeFailed(error), error)
    } catch {}
  }

  private nonisolated(nonsending) func removeByPolicy() async throws {
    var bytes = list.segments.reduce(0) { $0 + $1.end }
    let oldest = policy.retainedTime.map { CallContext.current.clock.unixTime.advanced(by: .zero - $0) }
    try await remove { segment, next in
      let isTooMuch = policy.retainedBytes.map { bytes > $0 } ?? false
      let isTooOld = oldest.map { next.header.latestTimeBefore < $0 } ?? false
      bytes -= segment.end
      return isTooMuch || isTooOld
    }
  }

  /// Removes the oldest files, one after the other, so that a crash leaves no gap.
  private nonisolated(nonsending) func remove(
    while isUnneeded: (_ segment: Segment, _ next: Segment) -> Bool
  ) async throws {
    let segments = list.segments
    let count = zip(segments, segments.dropFirst()).prefix { isUnneeded($0, $1) }.count
    guard count > 0 else { return }
    changeSegments { Array($0.dropFirst(count)) }
    for segment in segments.prefix(count) {
      try await directory.remove(segment.name)
      try await directory.syncDirectory()
    }
    tell(.discarded(segments: count, firstOffset: firstOffset))
  }
}
