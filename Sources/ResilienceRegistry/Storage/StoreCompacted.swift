/// The changes that were asked for have been forgotten: the listing must be read anew.
public struct StoreCompacted: Error, Hashable, CustomStringConvertible {
  /// The revision after which changes were asked for.
  public let revision: UInt64

  /// Creates an error; for implementers of ``RegistryStore``.
  public init(after revision: UInt64) {
    self.revision = revision
  }

  /// The revision, and what to do.
  public var description: String {
    "the store has forgotten changes after revision \(revision): list the service again"
  }
}
