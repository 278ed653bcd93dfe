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
      let label = Metric.Label("service", service.name)
      func instances(_ health: HealthStatus, _ count: Int) -> Metric {
        Metric(
          "registry_instances", .gauge, Double(count),
          labels: [label, Metric.Label("health", health.rawValue)])
      }
      func total(_ name: String, _ count: UInt64) -> Metric {
        Metric(name, .counter, Double(count), labels: [label])
      }
      func gauge(_ name: String, _ value: Int) -> Metric {
        Metric(name, .gauge, Double(value), labels: [label])
      }
      return [
        instances(.healthy, service.healthy),
        instances(.unhealthy, service.unhealthy),
        instances(.unknown, service.unknown),
        total("registry_registrations_total", service.registered),
        total("registry_deregistrations_total", service.deregistered),
        total("registry_expirations_total", service.expired),
        gauge("registry_draining_instances", service.draining),
        gauge("registry_out_of_service_instances", service.outOfService),
        gauge("registry_suspect_instances", service.suspect),
        gauge("registry_stale", service.isStale ? 1 : 0),
      ]
    }
  }
}
