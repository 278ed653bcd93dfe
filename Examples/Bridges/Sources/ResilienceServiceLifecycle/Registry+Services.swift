public import ResilienceRegistry
internal import ServiceLifecycle

extension ServiceRegistry {
  /// The registry's sweep as a service: every lease ends at its instant. A shutdown ends it.
  public func service() -> DrainingService {
    DrainingService("registry", run: { try await self.run() })
  }

  /// Lists an instance, with heartbeats, for as long as the group runs.
  ///
  /// List it behind the server: it is the first to shut down, so that nobody is sent to a server that stops.
  ///
  /// - Parameters:
  ///   - instance: This process, as others find it.
  ///   - ttl: How long it stays listed without a heartbeat. Default: the registry's.
  public func service(
    listing instance: ServiceInstance, ttl: Duration = ServiceRegistry.defaultTTL
  ) -> DrainingService {
    DrainingService("registration of \(instance.id)") {
      try await self.withLease(instance, ttl: ttl) { try await gracefulShutdown() }
    }
  }
}

extension RegistryStore {
  /// Keeps an instance in the store, with heartbeats, for as long as the group runs; on the way out it
  /// drains, and is taken out. List it behind the server.
  ///
  /// - Parameters:
  ///   - instance: This process, as others find it.
  ///   - ttl: How long it stays listed without a heartbeat. Default: the registry's.
  public func service(
    listing instance: ServiceInstance, ttl: Duration = ServiceRegistry.defaultTTL
  ) -> DrainingService {
    DrainingService("registration of \(instance.id)") {
      try await self.withLease(instance, ttl: ttl) { try await gracefulShutdown() }
    }
  }
}

extension RegistryReplica {
  /// The replica as a service that follows its services. A shutdown ends it; the instances stay listed.
  public func service() -> DrainingService {
    DrainingService("registry replica", run: { try await self.run() })
  }
}

extension HealthMonitor {
  /// The monitor as a service that checks. A shutdown ends it, after the last running check.
  public func service() -> DrainingService {
    DrainingService("health monitor", run: { try await self.run() })
  }
}

extension HealthNotifier {
  /// The notifier as a service that watches. A shutdown ends it.
  public func service() -> DrainingService {
    DrainingService("health notifier", run: { try await self.run() })
  }
}
