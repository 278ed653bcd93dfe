/// One change of a service's records.
public enum StoreChange: Sendable, Hashable {
  /// A record was written, anew or in the place of an earlier one.
  case written(StoreRecord)

  /// A record was removed, by somebody or with its lease.
  case removed(id: String, revision: UInt64)

  /// The store's revision at which it happened.
  public var revision: UInt64 {
    switch self {
    case .written(let record): record.revision
    case .removed(_, let revision): revision
    }
  }
}
