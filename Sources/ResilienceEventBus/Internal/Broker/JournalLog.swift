internal import ResilienceCore

/// A broker's log in a journal. The checkpoint is a file beside the journal's.
final class JournalLog: BrokerLog {
  static let checkpointName = "broker.checkpoint"
  private static let temporaryName = "broker.checkpoint.new"

  let journal: Journal
  private let directory: any StorageDirectory
  /// What one event may take; the journal's own limit is higher, so that its dead letter fits.
  private let maxEventBytes: Int

  init(_ journal: Journal, _ directory: any StorageDirectory, maxEventBytes: Int) {
    self.journal = journal
    self.directory = directory
    self.maxEventBytes = maxEventBytes
  }

  var firstOffset: Int64 { journal.firstOffset }
  var endOffset: Int64 { journal.endOffset }
  var capacity: Int { .max }
  var keepsLetters: Bool { false }

  func hasRoom(for events: Int) -> Bool { true }

  func append(_ records: [BrokerRecord]) async throws -> Range<Int64> {
    let time = CallContext.current.clock.unixTime
    var encoded: [JournalRecord] = []
    encoded.reserveCapacity(records.count)
    for record in records {
      let bytes = record.bytes
      if case .event(let stored) = record, stored.target == nil, bytes.count > maxEventBytes {
        throw JournalAppendTooLarge(bytes: bytes.count, limit: maxEventBytes, field: "maxRecordBytes")
      }
      encoded.append(JournalRecord(bytes, time: time))
    }
    return try await journal.appendUninterrupted(encoded)
  }

  func read(from offset: Int64) async throws -> BrokerLogPage {
    let entries = try await journal.records(from: offset, limit: 256)
    guard let last = entries.last else { return BrokerLogPage(items: [], next: offset) }
    return BrokerLogPage(items: try entries.map(item), next: last.offset + 1)
  }

  func letter(at offset: Int64) async throws -> BrokerRecord.Letter? {
    guard case .letter(let letter) = try await record(at: offset) else { return nil }
    return letter
  }

  func scheduled(at offset: Int64) async throws -> BrokerRecord.StoredEvent? {
    guard case .event(let stored) = try await record(at: offset) else { return nil }
    return stored
  }

  private func record(at offset: Int64) async throws -> BrokerRecord? {
    guard let entry = try await journal.records(from: offset, limit: 1).first, entry.offset == offset else {
      return nil
    }
    return try item(entry).record
  }

  private func item(_ entry: JournalEntry) throws -> BrokerLogPage.Item {
    do {
      return BrokerLogPage.Item(offset: entry.offset, record: try BrokerRecord(entry.record.payload))
    } catch {
      throw JournalDamaged(
        file: directory.path, position: 0, reason: "record \(entry.offset) is not one of a broker's")
    }
  }

  func discard(before offset: Int64) async throws { try await journal.discard(before: offset) }

  // MARK: - Checkpoints

  func save(_ checkpoint: BrokerCheckpoint) async throws {
    let names = try await directory.list()
    if names.contains(Self.temporaryName) { try await directory.remove(Self.temporaryName) }
    let file = try await directory.create(Self.temporaryName)
    try await file.write(checkpoint.bytes, at: 0)
    try await file.sync()
    try await directory.rename(Self.temporaryName, to: Self.checkpointName)
    try await directory.syncDirectory()
  }

  /// `nil` when there is none.
  func savedCheckpoint() async throws -> BrokerCheckpoint? {
    guard try await directory.list().contains(Self.checkpointName) else { return nil }
    let file = try await directory.open(Self.checkpointName)
    do {
      return try BrokerCheckpoint(try await file.read(at: 0, count: try await file.size()))
    } catch is BrokerReader.Unreadable {
      throw JournalDamaged(file: file.path, position: 0, reason: "the broker's checkpoint is not readable")
    }
  }
}
