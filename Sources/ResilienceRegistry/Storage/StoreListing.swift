/// All records of a service, as of one revision of the store.
public struct StoreListing: Sendable, Hashable {
  /// The records, in any order.
  public var records: [StoreRecord]

  /// The store's revision: changes after it are not in the listing, and those up to it are.
  public var revision: UInt64

  /// Creates a listing; for implementers of ``RegistryStore``.
  public init(records: [StoreRecord], revision: UInt64) {
    self.records = records
    self.revision = revision
  }
}
