/// A record where it stands in a ``Journal``.
public struct JournalEntry: Sendable, Hashable {
  /// The record's number, from 0, in the order of the journal. It stays as long as the record does, and no
  /// other record ever has it.
  public let offset: Int64

  /// What was appended.
  public let record: JournalRecord
}
