public import ResilienceCore

/// What a balancer decided about a service's instances.
public enum BalancerEvent: ResilienceEvent, Hashable {
  /// An instance is left out because of what became of the calls to it; at least for so long, and then until
  /// the next sweep.
  case ejected(ServiceInstance, EjectionReason, for: Duration)

  /// An ejected instance gets calls again.
  case returned(ServiceInstance)

  /// Too few instances are available: from now on all of them are tried, the unhealthy and the ejected too.
  case panicBegan(service: String, available: Int, instances: Int)

  /// Enough instances are available again, or none is left.
  case panicEnded(service: String)

  /// `balancer.` and the kind: `balancer.ejected`, `balancer.panic_began`.
  public var name: String {
    switch self {
    case .ejected: "balancer.ejected"
    case .returned: "balancer.returned"
    case .panicBegan: "balancer.panic_began"
    case .panicEnded: "balancer.panic_ended"
    }
  }

  /// The service, then the instance or what else the kind tells.
  public var attributes: [EventAttribute] {
    switch self {
    case .ejected(let instance, let reason, let duration):
      attributes(of: instance) + [
        EventAttribute("reason", .string(reason.description)),
        .seconds("ejected", duration),
      ]
    case .returned(let instance):
      attributes(of: instance)
    case .panicBegan(let service, let available, let instances):
      [
        EventAttribute("service", .string(service)),
        EventAttribute("available", .integer(Int64(available))),
        EventAttribute("instances", .integer(Int64(instances))),
      ]
    case .panicEnded(let service):
      [EventAttribute("service", .string(service))]
    }
  }

  private func attributes(of instance: ServiceInstance) -> [EventAttribute] {
    [
      EventAttribute("service", .string(instance.service)),
      EventAttribute("instance", .string(instance.id)),
    ]
  }
}
