/// A file of spans could not be opened or written.
public struct SpanFileError: Error, Hashable, CustomStringConvertible {
  /// The file's path.
  public let path: String

  /// What failed: `open` or `write`.
  public let operation: String

  /// The system's error number, `errno`.
  public let code: Int32

  /// Path, operation and number, such as `cannot write /var/log/spans.jsonl: error 28`.
  public var description: String { "cannot \(operation) \(path): error \(code)" }
}
