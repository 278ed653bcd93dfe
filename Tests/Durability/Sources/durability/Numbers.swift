import ResilienceEventBus

/// What is appended: whose it is, and the how manieth of theirs.
struct Numbered: Hashable, Sendable {
  let publisher: Int
  let number: Int

  init(publisher: Int, number: Int) {
    self.publisher = publisher
    self.number = number
  }

  init?(_ text: some StringProtocol) {
    let parts = text.split(separator: " ").compactMap { Int($0) }
    guard parts.count >= 2 else { return nil }
    self.init(publisher: parts[0], number: parts[1])
  }

  var text: String { "\(publisher) \(number)" }
}

extension JournalEntry {
  var numbered: Numbered? { Numbered(String(decoding: record.payload, as: UTF8.self)) }
}

extension JournalPolicy {
  /// Small files, so that some are begun while the process is killed.
  static let durability = JournalPolicy(
    segmentBytes: 64 << 10, maxRecordBytes: 4 << 10, maxBatchBytes: 16 << 10, indexStepBytes: 4 << 10)
}

extension Journal {
  nonisolated(nonsending) func forEach(from offset: Int64, _ body: (JournalEntry) -> Void) async throws {
    var next = offset
    while case let entries = try await records(from: next), let last = entries.last {
      entries.forEach(body)
      next = last.offset + 1
    }
  }
}
