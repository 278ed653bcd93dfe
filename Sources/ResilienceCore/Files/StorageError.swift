/// An operation on a directory or on a file in it did not succeed.
public struct StorageError: Error, Hashable, CustomStringConvertible {
  /// What was to be done.
  public let operation: StorageOperation

  /// The path of the file, or of the directory.
  public let file: String

  /// Why it was not done.
  public let reason: Reason

  /// Why an operation fails.
  public enum Reason: Sendable, Hashable {
    /// The disk, or the user's quota, is full.
    case diskFull

    /// There is no such file.
    case notFound

    /// A file that was to be created is there.
    case exists

    /// Somebody else has the directory; the text says who, as far as is known.
    case locked(holder: String)

    /// Anything else that the operating system says, as its `errno`.
    case system(code: Int32, text: String)

    /// Anything that is not the operating system's.
    case other(String)
  }

  /// Creates an error.
  public init(_ operation: StorageOperation, file: String, _ reason: Reason) {
    self.operation = operation
    self.file = file
    self.reason = reason
  }

  /// Whether room on the disk is what is missing: the same may succeed when there is some.
  public var isDiskFull: Bool { reason == .diskFull }

  /// The operation, the file, and why.
  public var description: String {
    let what = "cannot \(operation.rawValue) \(SafeText.escaped(file))"
    switch reason {
    case .diskFull: return "\(what): the disk is full"
    case .notFound: return "\(what): there is no such file"
    case .exists: return "\(what): it exists"
    case .locked(let holder):
      return "\(what): \(SafeText.escaped(holder)) has it, and must end or close it first"
    case .system(let code, let text): return "\(what): \(text) (errno \(code))"
    case .other(let text): return "\(what): \(SafeText.escaped(text))"
    }
  }
}
