import Resilience

/// What the bare run does instead, beside applying no decorators and delivering events once.
extension Platform {
  /// The key with which a server outside does what is asked for an order once, however often it is asked.
  /// Bare requests carry none.
  func idempotencyKey(_ order: String) -> String? { isProtected ? order : nil }

  /// Whether placing an order again, as impatient customers do, places another one.
  var placesEachClick: Bool { !isProtected }

  /// Whether somebody gives back money and goods of orders that were given up.
  var refundsDeadLetters: Bool { isProtected }

  /// How the inventory asks one of its servers to take an order's goods off the shelves.
  func reserving(from servers: [InventoryServer]) -> AnyHandler<OrderCreated, Void> {
    isProtected ? Inventory.reserving(self, servers) : BareInventory.reserving(from: servers)
  }
}
