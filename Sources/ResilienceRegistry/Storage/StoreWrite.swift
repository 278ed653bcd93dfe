/// What came of a write or a removal.
public enum StoreWrite: Sendable, Hashable {
  /// It was done at this revision, higher than all before; for a removal of what was not there, the present
  /// one.
  case done(revision: UInt64)

  /// It was not done: the condition did not hold. This is what is there; `nil` for nothing.
  case conflict(StoreRecord?)

  /// It was not done: the record's lease has ended.
  case leaseEnded
}
