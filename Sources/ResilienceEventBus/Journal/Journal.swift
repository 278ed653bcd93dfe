internal import ResilienceCore

/// An append-only log of records in a directory: what was appended is read again after a crash, in the same
/// order and under the same offsets.
///
/// ```swift
/// let journal = try await Journal.open(LocalDirectory(path: "/var/lib/shop/journal"))
/// let offsets = try await journal.append([JournalRecord(bytes, key: Array("order 7".utf8))])
/// for entry in try await journal.records(from: offsets.lowerBound) { print(entry.offset) }
/// try await journal.close()
/// ```
///
/// An append returns when its records are durable. Appends that come while a write is under way share the
/// next one: a disk that syncs a thousand times a second takes many times as many records. It is one of the
/// callers that writes for all; there is no task of the journal's own.
///
/// What a crash leaves half written is cut when the journal is opened, which an event tells; nothing that was
/// acknowledged as ``JournalDurability/synced`` is among it. What was durable and cannot be read any more is
/// a ``JournalDamaged``, when the journal is opened or when it is read: the last file is checked as a whole
/// then, the others when something in them is read. The page "The format of a journal" has the files byte
/// by byte.
public final class Journal: Sendable {
  /// The name, for events and metrics.
  public let name: String

  /// How it writes, how much it takes, and how long it keeps it.
  public let policy: JournalPolicy

  let directory: any StorageDirectory
  let state: Lock<JournalState>
  let maintenance = MaintenanceTurn()
  private let storageLock: StorageLock
  private let onEvent: (@Sendable (JournalEvent) -> Void)?

  init(
    _ name: String, _ policy: JournalPolicy, _ directory: any StorageDirectory, _ storageLock: StorageLock,
    _ state: JournalState, _ onEvent: (@Sendable (JournalEvent) -> Void)?
  ) {
    self.name = name
    self.policy = policy
    self.directory = directory
    self.storageLock = storageLock
    self.state = Lock(state)
    self.onEvent = onEvent
  }

  /// The offset of the oldest record that may be there; 0 until the oldest are removed.
  public var firstOffset: Int64 { list.segments.first?.header.firstOffset ?? 0 }

  /// The offset after that of the newest record that is durable.
  public var endOffset: Int64 { state.withLock { $0.endOffset } }

  /// What it holds, and has done since it was opened.
  public func snapshot() -> JournalSnapshot {
    // In this order: a record is counted in the list before it is in the end.
    let list = list
    let (counts, end, waiting) = state.withLock {
      ($0.counts, $0.endOffset, $0.queue.count + $0.backlog.count)
    }
    return JournalSnapshot(
      name: name, firstOffset: list.segments.first?.header.firstOffset ?? 0, endOffset: end,
      segments: list.segments.count, bytes: list.segments.reduce(0) { $0 + $1.end }, waiting: waiting,
      appended: counts.appended, commits: counts.commits, failures: counts.failures,
      cutBytes: counts.cutBytes)
  }

  /// Waits until what was appended before is written, notes that the end is whole, and lets others open the
  /// directory. Appends and reads that begin later throw ``JournalClosed``; a second close does nothing.
  ///
  /// A journal that is dropped without it is as after a crash of the process.
  ///
  /// - Throws: ``JournalWriteFailed`` when the end could not be noted; it is closed nevertheless.
  public nonisolated(nonsending) func close() async throws {
    let last = PendingAppend([], bytes: 0, isClose: true)
    let leads: Bool? = state.withLock { state in
      guard !state.isClosed else { return nil }
      state.isClosed = true
      state.queue.append(last)
      defer { state.isCommitting = true }
      return !state.isCommitting
    }
    guard let leads else { return }
    defer { storageLock.release() }
    if !leads { await last.waitUninterrupted() }
    if try last.result() == nil { await lead() }
    _ = try last.result()
  }

  // MARK: - Within

  var list: SegmentList { state.withLock { $0.segments } }

  func checkOpen() throws(JournalClosed) {
    if state.withLock({ $0.isClosed }) { throw JournalClosed(directory: directory.path) }
  }

  /// Exchanges the list of segments, made outside the lock.
  func changeSegments(_ change: ([Segment]) -> [Segment]) {
    while true {
      let before = list
      let after = SegmentList(segments: change(before.segments), version: before.version + 1)
      let isDone = state.withLock { state in
        guard state.segments.version == before.version else { return false }
        state.segments = after
        return true
      }
      if isDone { return }
    }
  }

  func tell(_ kind: JournalEvent.Kind) {
    let event = JournalEvent(kind, journal: name)
    onEvent?(event)
    CallContext.current.emit(event)
  }
}
