/// A lease that a store granted.
public struct StoreLease: Sendable, Hashable {
  /// The store's number for it; never given out again.
  public let id: Int64

  /// How long it holds without a heartbeat: as long as was asked for, or longer.
  public let ttl: Duration

  /// Creates a lease; for implementers of ``RegistryStore``.
  public init(id: Int64, ttl: Duration) {
    self.id = id
    self.ttl = ttl
  }
}
