public import ResilienceCore

/// What a balancer knows at one moment.
public struct BalancerSnapshot: Sendable, Hashable {
  /// One instance as the balancer sees it.
  public struct Instance: Sendable, Hashable {
    /// The instance's id.
    public let id: String
    /// What is known about its health.
    public let health: HealthStatus
    /// Calls that this balancer has in flight to it.
    public let inFlight: Int
    /// Whether it is left out because of what became of the calls to it.
    public let isEjected: Bool
  }

  /// The name of the service.
  public let service: String

  /// The instances that are listed, and those that are not any more but have calls in flight; by id.
  public let instances: [Instance]

  /// Calls sent so far.
  public let picks: UInt64

  /// Whether too few instances are available, so that all are tried.
  public let isPanicking: Bool

  init(service: String, _ state: BalancerStateMachine) {
    self.service = service
    picks = state.picks
    isPanicking = state.isPanicking
    var instances: [Instance] = []
    for (slot, member) in state.members.enumerated() {
      guard let member else { continue }
      instances.append(
        Instance(
          id: member.instance.id, health: member.health, inFlight: state.slots[slot].inFlight,
          isEjected: state.slots[slot].ejection.isEjected))
    }
    self.instances = instances.sorted { $0.id < $1.id }
  }
}

extension BalancerSnapshot: MetricSource {
  /// `balancer_picks_total`, `balancer_panicking`, `balancer_ejected_instances`, and
  /// `balancer_in_flight_calls` by instance.
  public var metrics: [Metric] {
    let label = Metric.Label("service", service)
    return [
      Metric(
        "balancer_picks_total", .counter, Double(picks), labels: [label],
        help: "Calls that were given to an instance."),
      Metric(
        "balancer_panicking", .gauge, isPanicking ? 1 : 0, labels: [label],
        help: "1 while so few instances are healthy that all get calls, else 0."),
      Metric(
        "balancer_ejected_instances", .gauge, Double(instances.count { $0.isEjected }), labels: [label],
        help: "Instances that get no calls for a time, because of their failures."),
    ]
      + instances.map { instance in
        Metric(
          "balancer_in_flight_calls", .gauge, Double(instance.inFlight),
          labels: [label, Metric.Label("instance", instance.id)],
          help: "Calls that an instance is at work on.")
      }
  }
}
