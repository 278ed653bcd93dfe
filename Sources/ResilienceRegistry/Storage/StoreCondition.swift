/// What must be there for a store to write.
public enum StoreCondition: Sendable, Hashable {
  /// Anything or nothing.
  case always

  /// Nothing.
  case absent

  /// The record that was written at this revision.
  case revision(UInt64)
}
