public import ResilienceCore

/// What happened in a registry.
public enum RegistryEvent: ResilienceEvent, Hashable {
  /// An instance was registered, anew or in the place of an earlier registration of its id.
  case registered(ServiceMember)

  /// An instance was taken out by its owner or by an operator.
  case deregistered(ServiceMember)

  /// An instance's lease ran out without a heartbeat.
  case expired(ServiceMember)

  /// A health report said something new.
  case healthChanged(ServiceMember, from: HealthStatus)

  /// Every instance of a service is unhealthy: from now on all of them are tried.
  case panicBegan(service: String, instances: Int)

  /// Some instance of the service is not unhealthy any more, or none is left.
  case panicEnded(service: String)

  /// `registry.` and the kind: `registry.expired`, `registry.health.changed`.
  public var name: String {
    switch self {
    case .registered: "registry.registered"
    case .deregistered: "registry.deregistered"
    case .expired: "registry.expired"
    case .healthChanged: "registry.health.changed"
    case .panicBegan: "registry.panic.began"
    case .panicEnded: "registry.panic.ended"
    }
  }

  /// The service, then the instance or what else the kind tells.
  public var attributes: [EventAttribute] {
    switch self {
    case .registered(let member), .deregistered(let member), .expired(let member):
      attributes(of: member)
    case .healthChanged(let member, let previous):
      attributes(of: member) + [
        EventAttribute("health", .string(member.health.rawValue)),
        EventAttribute("health.previous", .string(previous.rawValue)),
      ]
    case .panicBegan(let service, let instances):
      [
        EventAttribute("service", .string(service)),
        EventAttribute("instances", .integer(Int64(instances))),
      ]
    case .panicEnded(let service):
      [EventAttribute("service", .string(service))]
    }
  }

  private func attributes(of member: ServiceMember) -> [EventAttribute] {
    [
      EventAttribute("service", .string(member.instance.service)),
      EventAttribute("instance", .string(member.instance.id)),
    ]
  }
}
