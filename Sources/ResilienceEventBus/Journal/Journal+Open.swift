public import ResilienceCore

extension Journal {
  /// Opens the journal in a directory, or begins one there, and keeps others out of it.
  ///
  /// - Parameters:
  ///   - directory: Belongs to the journal alone. `LocalDirectory` is the operating system's.
  ///   - name: For events and metrics; empty when unnamed.
  ///   - policy: May be another one than before. Default: as ``JournalPolicy``'s initialiser.
  ///   - onEvent: Is told what happens to the files; must not block.
  /// - Throws: ``JournalDamaged`` when durable bytes cannot be read any more; `StorageError`, with the reason
  ///   `locked` when somebody has the journal open.
  public static nonisolated(nonsending) func open(
    _ directory: any StorageDirectory, name: String = "", policy: JournalPolicy = JournalPolicy(),
    onEvent: (@Sendable (JournalEvent) -> Void)? = nil
  ) async throws -> Journal {
    let storageLock = try await directory.lock()
    var recovery = JournalRecovery(directory: directory, policy: policy)
    let recovered = try await recovery.run()
    var state = JournalState(
      segments: SegmentList(segments: recovered.segments), tail: recovered.tail,
      endOffset: recovered.tail.nextOffset)
    state.counts.cutBytes = recovered.cutBytes
    let journal = Journal(name, policy, directory, storageLock, state, onEvent)
    journal.tell(
      .recovered(from: journal.firstOffset, to: journal.endOffset, cutBytes: recovered.cutBytes))
    return journal
  }
}
