/// One registration as a store keeps it.
///
/// Its identity is the id and the lease: the same id under another lease is another registration.
public struct StoreRecord: Sendable, Hashable {
  /// The registered instance.
  public var instance: ServiceInstance

  /// Whether it is meant to get calls.
  public var state: InstanceState

  /// The lease under which it is kept; `nil` if it stays until it is removed.
  public var leaseID: Int64?

  /// The store's revision at which it was written; the store sets it.
  public var revision: UInt64

  /// Creates a record.
  ///
  /// - Parameters:
  ///   - instance: The registered instance.
  ///   - state: Whether it is meant to get calls. Default: it is.
  ///   - leaseID: The lease under which it is kept. Default: none, so that it stays.
  ///   - revision: The store's revision at which it was written. Default: 0, as the store sets it.
  public init(
    _ instance: ServiceInstance, state: InstanceState = .inService, leaseID: Int64? = nil,
    revision: UInt64 = 0
  ) {
    self.instance = instance
    self.state = state
    self.leaseID = leaseID
    self.revision = revision
  }
}
