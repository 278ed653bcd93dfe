import Resilience

/// The inventory: asks one of its servers to take an order's goods off the shelves.
final class Inventory: Sendable {
  init(_ platform: Platform, _ warehouse: Warehouse, _ servers: [InventoryServer]) throws {
    let reserve = platform.reserving(from: servers)
    try platform.subscribe(to: Topic.productAdd, as: "inventory") { event in
      warehouse.add(event.data.sku, event.data.quantity)
    }
    try platform.subscribe(to: Topic.paymentCompleted, as: "inventory") { event in
      let order = event.data
      do {
        try await reserve(order)
        try platform.publish(order, as: Topic.stockUpdated, about: order.order)
      } catch is Warehouse.OutOfStock {
        try platform.publish(order, as: Topic.stockRefused, about: order.order)
      }
    }
  }

  /// The servers are found in the registry, each has a breaker of its own, and a retry goes to another one.
  static func reserving(_ platform: Platform, _ servers: [InventoryServer]) -> AnyHandler<OrderCreated, Void>
  {
    let tracer = platform.tracer("inventory")
    let balanced = platform.registry.service("inventory").balanced(.powerOfTwoChoices) { instance in
      ServiceCall(instance.id) { (order: OrderCreated) in
        guard let server = servers.first(where: { $0.name == instance.id }) else { return }
        try await server.reserve(order.items, reservation: order.order)
      }
      .classify { result in
        // An empty shelf is an answer, not a failure of the server.
        if case .failure(is Warehouse.OutOfStock) = result { .success } else { nil }
      }
      .timeout(.seconds(1))
      .trace(tracer)
      .circuitBreaker(platform.breaker(instance.id))
    }
    return platform.explained(balanced.idempotent().retry(maxAttempts: 3, budget: platform.inventoryBudget))
      .erased()
  }
}
