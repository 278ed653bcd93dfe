/// An append, or one record of it, is larger than the journal's policy permits: nothing of it was written.
public struct JournalAppendTooLarge: Error, Hashable, CustomStringConvertible {
  /// Bytes of the record, or of all records of the append together.
  public let bytes: Int

  /// The most that is permitted.
  public let limit: Int

  /// The field of ``JournalPolicy`` that says so: `maxRecordBytes` or `maxBatchBytes`.
  public let field: String

  /// The size, the limit, and the field.
  public var description: String {
    "\(field == "maxRecordBytes" ? "a record" : "an append") of \(bytes) bytes is larger than \(field), \(limit)"
  }
}
