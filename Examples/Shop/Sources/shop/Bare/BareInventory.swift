import Resilience

/// The inventory's call without registry, breaker and retry: the servers are taken in turn, dead or alive.
enum BareInventory {
  static func reserving(from servers: [InventoryServer]) -> AnyHandler<OrderCreated, Void> {
    let turn = Tally()
    return AnyHandler(
      ServiceCall("inventory") { (order: OrderCreated) in
        turn.count("next")
        try await servers[turn["next"] % servers.count].reserve(order.items, reservation: nil)
      })
  }
}
