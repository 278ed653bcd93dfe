/// Something belongs into a transaction, and the connection is in none.
public struct OutsideTransaction: Error, Sendable, Hashable, CustomStringConvertible {
  /// What was not written.
  public let what: String

  /// What was not written, and what to do.
  public var description: String {
    "\(what) was not written: there is no transaction; use `write` or `inTransaction`"
  }
}
