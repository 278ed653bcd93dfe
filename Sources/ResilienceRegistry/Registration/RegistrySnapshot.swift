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
    /// Registrations so far, those in the place of an earlier one included.
    public let registered: UInt64
    /// Instances taken out so far by their owner or an operator.
    public let deregistered: UInt64
    /// Leases that ran out so far.
    public let expired: UInt64

    /// Instances that are listed.
    public var instances: Int { healthy + unhealthy + unknown }

    init(_ table: RegistrationTable) {
      func count(_ health: HealthStatus) -> Int { table.members.count { $0.health == health } }
      name = table.service
      healthy = count(.healthy)
      unhealthy = count(.unhealthy)
      unknown = count(.unknown)
      registered = table.registered
      deregistered = table.deregistered
      expired = table.expired
    }
  }

  /// The services that were ever named, by name.
  public let services: [Service]
}

extension RegistrySnapshot: MetricSource {
  /// Per service: `registry_instances` by health, and the totals of registrations, deregistrations and expiries.
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
      return [
        instances(.healthy, service.healthy),
        instances(.unhealthy, service.unhealthy),
        instances(.unknown, service.unknown),
        total("registry_registrations_total", service.registered),
        total("registry_deregistrations_total", service.deregistered),
        total("registry_expirations_total", service.expired),
      ]
    }
  }
}
