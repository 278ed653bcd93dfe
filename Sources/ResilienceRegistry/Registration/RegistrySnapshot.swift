public import ResilienceCore

/// What a registry holds at one moment, and what it has seen since it was made.
public struct RegistrySnapshot: Sendable, Hashable {
  /// One service's share.
  public struct Service: Sendable, Hashable {
    /// The name of the service.
    public let name: String
    /// Instances that answer their checks.
    public let healthy: Int
    /// Instances that fail their checks.
    public let unhealthy: Int
    /// Instances of which nothing is known.
    public let unknown: Int
    /// Instances that drain, whatever their health.
    public let draining: Int
    /// Instances that an operator has taken out, whatever their health.
    public let outOfService: Int
    /// Instances whose lease ran out and that are kept all the same; see ``SelfPreservation``.
    public let suspect: Int
    /// Whether the store of the service cannot be reached.
    public let isStale: Bool
    /// Registrations so far, those in the place of an earlier one included.
    public let registered: UInt64
    /// Instances taken out so far by their owner or an operator.
    public let deregistered: UInt64
    /// Leases that ran out so far.
    public let expired: UInt64

    /// Instances that are listed.
    public var instances: Int { healthy + unhealthy + unknown }

    init(_ table: RegistrationTable) {
      name = table.service
      healthy = table.counts.healthy
      unhealthy = table.counts.unhealthy
      unknown = table.counts.unknown
      draining = table.counts.draining
      outOfService = table.counts.outOfService
      suspect = table.counts.suspect
      isStale = table.staleSince != nil
      registered = table.registered
      deregistered = table.deregistered
      expired = table.expired
    }
  }

  /// The services that have instances, or that somebody holds, by name.
  public let services: [Service]
}

extension RegistrySnapshot: MetricSource {
  /// Per service: `registry_instances` by health, the totals of registrations, deregistrations and expiries,
  /// how many instances drain, are out of service or suspect, and whether the service is stale.
  public var metrics: [Metric] {
    services.flatMap { service in
      let labels = [Metric.Label("service", service.name)]
      func instances(_ health: HealthStatus, _ count: Int) -> Metric {
        Metric(
          "registry_instances", .gauge, Double(count),
          labels: labels + [Metric.Label("health", health.rawValue)], help: "Instances, by health.")
      }
      return [
        instances(.healthy, service.healthy),
        instances(.unhealthy, service.unhealthy),
        instances(.unknown, service.unknown),
        Metric(
          "registry_registrations_total", .counter, Double(service.registered), labels: labels,
          help: "Instances that were registered."),
        Metric(
          "registry_deregistrations_total", .counter, Double(service.deregistered), labels: labels,
          help: "Instances that were deregistered."),
        Metric(
          "registry_expirations_total", .counter, Double(service.expired), labels: labels,
          help: "Instances whose registration has expired."),
        Metric(
          "registry_draining_instances", .gauge, Double(service.draining), labels: labels,
          help: "Instances that finish their calls and get no new ones."),
        Metric(
          "registry_out_of_service_instances", .gauge, Double(service.outOfService), labels: labels,
          help: "Instances that were taken out of service."),
        Metric(
          "registry_suspect_instances", .gauge, Double(service.suspect), labels: labels,
          help: "Instances whose heartbeat is late."),
        Metric(
          "registry_stale", .gauge, service.isStale ? 1 : 0, labels: labels,
          help: "1 while the instances are those of a storage that does not answer any more, else 0."),
      ]
    }
  }
}
