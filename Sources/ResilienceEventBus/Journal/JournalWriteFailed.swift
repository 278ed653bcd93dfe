public import ResilienceCore

/// A journal could not make records durable: they are not acknowledged, and readers do not see them.
///
/// The journal goes on: the next append tries anew, in a new segment where the old one cannot be trusted any
/// more. After a failed sync a record may be there when the journal is opened again.
public struct JournalWriteFailed: Error, Hashable, CustomStringConvertible {
  /// The operation, the file, and why.
  public let cause: StorageError

  /// Whether there would have been no error with room on the disk.
  public var isDiskFull: Bool { cause.isDiskFull }

  /// What was not done, and why.
  public var description: String { "the journal did not keep the records: \(cause)" }
}
