/// One registration of an instance, as a snapshot shows it.
public struct ServiceMember: Sendable, Hashable {
  /// The registered instance.
  public let instance: ServiceInstance

  /// The number of the registration, growing within a service: the same id registered again has a later one.
  ///
  /// It fences: a heartbeat, a deregistration or a health report of an earlier registration cannot touch a later one.
  public let epoch: UInt64

  /// What the last health report said; ``HealthStatus/unknown`` until there is one.
  public internal(set) var health: HealthStatus
}
