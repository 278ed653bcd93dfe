public import ResilienceCore

/// A broker of one process that loses nothing: events, what groups have settled, counts of deliveries and
/// dead letters are records of a ``Journal``.
///
/// ```swift
/// let broker = try await JournalBroker.open(LocalDirectory(path: "/var/lib/shop/events"))
/// let consumer = try await broker.join(BrokerGroup("billing"))
/// ```
///
/// What was not settled comes again when the broker is opened the next time, in order; what was settled does
/// not, with the durability that the journal has. An event that was handed out when the process died counts
/// as delivered once more, so that one that kills the process does not do so for ever. Events that are
/// published with a settlement are part of the same write: both are there after a crash, or none.
///
/// Memory is bounded whatever is pending: a group holds ``BrokerPolicy/window`` events, the others are on the
/// disk; of an event for later its place and its time are in memory, some 100 bytes. What every group has
/// settled is removed file by file. A group that nobody consumes keeps everything, until it is removed.
public final class JournalBroker: EventBroker {
  /// Beyond an event's own bytes: its group, and what it was given up for, 17 times.
  private static let letterBytes = 10 << 10

  let core: LogBroker
  private let journal: Journal

  private init(_ core: LogBroker, _ journal: Journal) {
    self.core = core
    self.journal = journal
  }

  /// Opens the broker in a directory, or begins one there, and keeps others out of it.
  ///
  /// - Parameters:
  ///   - directory: Belongs to the broker alone. `LocalDirectory` is the operating system's.
  ///   - name: For events and metrics; empty when unnamed.
  ///   - policy: How it gives events out; may be another one than before. Default: as ``BrokerPolicy``'s
  ///     initialiser.
  ///   - journalPolicy: How it writes. What it retains by size and time does not count: events are kept until
  ///     all groups have settled them. Files are larger by some 30 KiB, so that each event fits as a dead
  ///     letter. Default: as ``JournalPolicy``'s initialiser.
  ///   - onEvent: Is told what happens to the files; must not block.
  /// - Throws: ``JournalDamaged``; `StorageError`, with the reason `locked` when somebody has it open.
  public static func open(
    _ directory: any StorageDirectory, name: String = "", policy: BrokerPolicy = BrokerPolicy(),
    journalPolicy: JournalPolicy = JournalPolicy(), onEvent: (@Sendable (JournalEvent) -> Void)? = nil
  ) async throws -> JournalBroker {
    let journal = try await Journal.open(
      directory, name: name, policy: roomier(journalPolicy), onEvent: onEvent)
    do {
      let log = JournalLog(journal, directory, maxEventBytes: journalPolicy.maxRecordBytes)
      let core = LogBroker(name, policy, log, try await recovered(log, policy))
      return JournalBroker(core, journal)
    } catch {
      try? await journal.close()
      throw error
    }
  }

  /// Writes down where the groups are, so that the next one need not read much, and lets others open the
  /// directory. Calls that begin later throw ``JournalClosed``; a second close does nothing.
  ///
  /// A broker that is dropped without it is as after a crash of the process.
  ///
  /// - Throws: ``JournalWriteFailed``; it is closed nevertheless.
  public func close() async throws {
    await core.maintain()
    try await journal.close()
  }

  /// As the end of the process does, for tests.
  func abandon() async throws { try await journal.close() }

  private static func roomier(_ policy: JournalPolicy) -> JournalPolicy {
    let record = min(policy.maxRecordBytes + letterBytes, 1 << 29)
    let batch = max(policy.maxBatchBytes, min(record + letterBytes, 1 << 30))
    return JournalPolicy(
      segmentBytes: max(policy.segmentBytes, batch + letterBytes), durability: policy.durability,
      maxRecordBytes: record, maxBatchBytes: batch, indexStepBytes: policy.indexStepBytes)
  }

  private static func recovered(_ log: JournalLog, _ policy: BrokerPolicy) async throws -> BrokerState {
    var state = BrokerState(policy)
    var offset = log.firstOffset
    if let checkpoint = try await log.savedCheckpoint() {
      state.restore(checkpoint, logEnd: log.endOffset)
      offset = state.checkpointedAt
    } else if offset > 0 {
      throw JournalDamaged(
        file: log.journal.directory.path, position: 0, reason: "the broker's checkpoint is missing")
    }
    while offset < log.endOffset {
      let page = try await log.read(from: offset)
      for item in page.items { state.apply(item.record, at: item.offset) }
      offset = page.next
    }
    return state
  }

  // MARK: - EventBroker

  /// What it holds, and has done since it was opened.
  public func snapshot() -> BrokerSnapshot { core.snapshot() }

  /// What the journal holds, and has done since it was opened.
  public func journalSnapshot() -> JournalSnapshot { journal.snapshot() }

  /// Stores events, all or none.
  ///
  /// - Throws: ``JournalWriteFailed``, ``JournalAppendTooLarge``, ``JournalClosed``; `CancellationError`.
  public func publish(_ events: [EncodedEvent]) async throws { try await core.publish(events) }

  /// Begins a session of one consumer.
  public func join(_ group: BrokerGroup) async throws -> any BrokerConsumer { try await core.join(group) }

  /// Removes a group.
  @discardableResult
  public func removeGroup(_ name: String) async throws -> Bool { try await core.removeGroup(name) }

  /// The dead letters, oldest first.
  public func deadLetters(
    of group: String?, after id: String?, limit: Int
  ) async throws -> [BrokerDeadLetter] {
    try await core.deadLetters(of: group, after: id, limit: limit)
  }

  /// Takes a dead letter out.
  @discardableResult
  public func removeDeadLetter(_ id: String) async throws -> Bool { try await core.removeDeadLetter(id) }

  /// Gives a dead letter another chance.
  @discardableResult
  public func redrive(_ id: String, as event: EncodedEvent?) async throws -> Bool {
    try await core.redrive(id, as: event)
  }
}
