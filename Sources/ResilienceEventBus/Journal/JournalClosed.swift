/// A journal was closed before the call.
public struct JournalClosed: Error, Hashable, CustomStringConvertible {
  /// The path of its directory.
  public let directory: String

  /// Which journal it is.
  public var description: String { "the journal in \(directory) is closed" }
}
