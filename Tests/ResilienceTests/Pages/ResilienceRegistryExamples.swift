// The code of ResilienceRegistry.md, compiled.

import Resilience

private func serve() async throws {}

func registryPageHealth(_ registry: ServiceRegistry) async throws {
  let monitor = HealthMonitor(
    registry, service: "inventory", policy: HealthCheckPolicy(interval: .seconds(5))
  ) { instance in
    try await inventory.ping(instance.address)
  }

  try await withThrowingTaskGroup { tasks in
    tasks.addTask { try await monitor.run() }  // until its task is cancelled
    try await serve()
    tasks.cancelAll()
  }
}

func registryPage() async throws {
  let registry = ServiceRegistry()
  let here = ServiceInstance(id: "inventory-1", service: "inventory", address: "10.0.0.7:8080")

  let stock = registry.service("inventory").balanced(.powerOfTwoChoices) { instance in
    ServiceCall("inventory") { (sku: String) in try await inventory.stock(of: sku, at: instance.address) }
  }
  .retry()

  try await registry.withLease(here) {  // listed while the body runs
    print(try await stock("mug"))
  }
}
