/// One registration of an instance, as a snapshot shows it.
public struct ServiceMember: Sendable, Hashable {
  /// The registered instance.
  public let instance: ServiceInstance

  /// The number of the registration, growing within a service: the same id registered again has a later one.
  ///
  /// It fences: a heartbeat, a deregistration or a health report of an earlier registration cannot touch a
  /// later one.
  public let epoch: UInt64

  /// What the reports say together; until there is one, what it was registered with.
  public internal(set) var health: HealthStatus

  /// Whether it is meant to get calls.
  public internal(set) var state: InstanceState = .inService

  /// Whether its lease ran out, together with so many others that it was kept; see ``SelfPreservation``.
  public internal(set) var isSuspect = false

  /// Whether new calls may be sent to it when its health allows it: it neither drains nor is out of service,
  /// and its weight is more than 0.
  public var takesCalls: Bool { state == .inService && instance.weight > 0 }
}
