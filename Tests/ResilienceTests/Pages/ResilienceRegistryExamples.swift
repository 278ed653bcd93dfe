// The code of ResilienceRegistry.md, compiled.

import Resilience

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
