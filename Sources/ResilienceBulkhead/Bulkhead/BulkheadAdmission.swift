/// A bulkhead's answer to one call.
@frozen
public enum BulkheadAdmission: ~Copyable, Sendable {
  /// The call is inside; give the permit back afterwards.
  case entered(BulkheadPermit)

  /// There is no room, or somebody is waiting for it.
  case rejected

  /// The call weighs less than nothing, or more than is ever let in.
  case impossible
}
