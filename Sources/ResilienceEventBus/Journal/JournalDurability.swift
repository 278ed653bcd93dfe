/// What a ``Journal`` has done with a record when an append returns.
public enum JournalDurability: String, Sendable, Hashable, CaseIterable, Codable {
  /// The record is on the disk: it survives a power cut.
  case synced

  /// The operating system has the record: it survives the end of the process, by `kill -9` too, and no power
  /// cut.
  case written
}
