public import ResilienceCore

/// What happened in a registry.
public enum RegistryEvent: ResilienceEvent, Hashable {
  /// An instance was registered, anew or in the place of an earlier registration of its id.
  case registered(ServiceMember)

  /// An instance was taken out by its owner or by an operator.
  case deregistered(ServiceMember)

  /// An instance's lease ran out without a heartbeat.
  case expired(ServiceMember)

  /// What is known of an instance's health has changed: once for each change, however often it is reported.
  ///
  /// `by` is whose report it was; `nil` when an older report has ended.
  case healthChanged(ServiceMember, from: HealthStatus, by: HealthSource?)

  /// An instance drains, was taken out of service, or was put back.
  case stateChanged(ServiceMember, from: InstanceState)

  /// An instance's lease ran out together with those of too many others: it is kept for a while, as a
  /// suspect.
  case suspected(ServiceMember)

  /// A suspect renewed its lease.
  case reinstated(ServiceMember)

  /// So many leases of a service ran out that the instances are kept; see ``SelfPreservation``.
  case preservationBegan(service: String, suspects: Int, instances: Int)

  /// No suspect is left in the service.
  case preservationEnded(service: String)

  /// The store of a service cannot be reached: what is listed is what was known last.
  case staleBegan(service: String, instances: Int)

  /// The store of a service is followed again.
  case staleEnded(service: String)

  /// Every instance of a service that is in service is unhealthy: from now on all of them are tried.
  case panicBegan(service: String, instances: Int)

  /// Some instance of the service is not unhealthy any more, or none is left.
  case panicEnded(service: String)

  /// `registry.` and the kind: `registry.expired`, `registry.health_changed`.
  public var name: String {
    switch self {
    case .registered: "registry.registered"
    case .deregistered: "registry.deregistered"
    case .expired: "registry.expired"
    case .healthChanged: "registry.health_changed"
    case .stateChanged: "registry.state_changed"
    case .suspected: "registry.suspected"
    case .reinstated: "registry.reinstated"
    case .preservationBegan: "registry.preservation_began"
    case .preservationEnded: "registry.preservation_ended"
    case .staleBegan: "registry.stale_began"
    case .staleEnded: "registry.stale_ended"
    case .panicBegan: "registry.panic_began"
    case .panicEnded: "registry.panic_ended"
    }
  }

  /// The service, then the instance or what else the kind tells.
  public var attributes: [EventAttribute] {
    switch self {
    case .registered(let member), .deregistered(let member), .expired(let member), .suspected(let member),
      .reinstated(let member):
      attributes(of: member)
    case .healthChanged(let member, let previous, let source):
      attributes(of: member) + [
        EventAttribute("health", .string(member.health.rawValue)),
        EventAttribute("previous_health", .string(previous.rawValue)),
      ] + attributes(of: source)
    case .stateChanged(let member, let previous):
      attributes(of: member) + [
        EventAttribute("state", .string(member.state.rawValue)),
        EventAttribute("previous_state", .string(previous.rawValue)),
      ]
    case .preservationBegan(let service, let suspects, let instances):
      attributes(of: service) + [
        EventAttribute("suspects", .integer(Int64(suspects))),
        EventAttribute("instances", .integer(Int64(instances))),
      ]
    case .panicBegan(let service, let instances), .staleBegan(let service, let instances):
      attributes(of: service) + [EventAttribute("instances", .integer(Int64(instances)))]
    case .panicEnded(let service), .preservationEnded(let service), .staleEnded(let service):
      attributes(of: service)
    }
  }

  private func attributes(of service: String) -> [EventAttribute] {
    [EventAttribute("service", .string(service))]
  }

  private func attributes(of member: ServiceMember) -> [EventAttribute] {
    attributes(of: member.instance.service) + [EventAttribute("instance", .string(member.instance.id))]
  }

  private func attributes(of source: HealthSource?) -> [EventAttribute] {
    guard let source, !source.name.isEmpty else { return [] }
    return [EventAttribute("health_source", .string(source.name))]
  }
}
