public import ResilienceCore

/// A balancer chose the instance for a call.
public struct InstancePicked: ResilienceEvent, Hashable {
  /// The chosen instance.
  public let instance: ServiceInstance

  init(_ instance: ServiceInstance) {
    self.instance = instance
  }

  /// `balancer.picked`.
  public var name: String { "balancer.picked" }

  /// The service and the instance.
  public var attributes: [EventAttribute] {
    [
      EventAttribute("service", .string(instance.service)),
      EventAttribute("instance", .string(instance.id)),
    ]
  }
}
