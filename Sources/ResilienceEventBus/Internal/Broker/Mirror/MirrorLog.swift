internal import ResilienceCore

/// The log of a mirrored group: events are those that came from the sides, and what is settled is settled
/// there.
final class MirrorLog: BrokerLog {
  private let memory = MemoryLog(capacity: .max)
  private let settle: @Sendable (EncodedEvent, BrokerSettlement.Outcome) async throws -> Void

  init(settle: @escaping @Sendable (EncodedEvent, BrokerSettlement.Outcome) async throws -> Void) {
    self.settle = settle
  }

  var firstOffset: Int64 { memory.firstOffset }
  var endOffset: Int64 { memory.endOffset }
  var capacity: Int { .max }
  var keepsLetters: Bool { true }

  func hasRoom(for events: Int) -> Bool { true }
  func read(from offset: Int64) async throws -> BrokerLogPage { try await memory.read(from: offset) }
  func letter(at offset: Int64) async throws -> BrokerRecord.Letter? { nil }
  func scheduled(at offset: Int64) async throws -> BrokerRecord.StoredEvent? { nil }
  func save(_ checkpoint: BrokerCheckpoint) async throws {}
  func discard(before offset: Int64) async throws { try await memory.discard(before: offset) }

  func append(_ records: [BrokerRecord]) async throws -> Range<Int64> {
    if case .event = records.first { return try await memory.append(records) }
    var rest = records[...]
    while let record = rest.popFirst() {
      switch record {
      case .settled(_, let offsets):
        let published = rest.prefix { if case .event = $0 { true } else { false } }
        rest = rest.dropFirst(published.count)
        let events = published.compactMap { if case .event(let stored) = $0 { stored.event } else { nil } }
        for offset in offsets { try await settle(offset, .handled(publishing: events)) }
      case .letter(let letter):
        try await settle(letter.source, .deadLettered(letter.death, history: letter.history))
      default: break
      }
    }
    // The events that were published come back from the sides, and dead letters stay there.
    return try await memory.append(Array(repeating: .letterRemoved(-1), count: records.count))
  }

  private func settle(_ offset: Int64, _ outcome: BrokerSettlement.Outcome) async throws {
    guard let item = try await memory.read(from: offset).items.first, item.offset == offset,
      case .event(let stored) = item.record
    else { return }
    try await settle(stored.event, outcome)
  }
}
