/// A journal's file is not what was written: bytes that were known to be durable cannot be read any more.
///
/// It is no torn tail, which a crash leaves and which is cut by itself: the disk has lost or changed
/// something, or somebody has changed the files. They are left as they are.
public struct JournalDamaged: Error, Hashable, CustomStringConvertible {
  /// The path of the file.
  public let file: String

  /// Where it begins, in bytes from the beginning of the file.
  public let position: Int

  /// What is wrong there.
  public let reason: String

  /// File, position and reason.
  public var description: String {
    "the journal is damaged: \(file) at byte \(position): \(reason); restore the file, or remove the journal"
  }
}
