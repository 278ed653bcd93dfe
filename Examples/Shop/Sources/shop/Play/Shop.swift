import Resilience

/// All services, wired.
struct Shop: Sendable {
  let house: House
  let world: World
  let traffic: Traffic
  let meter = CustomerMeter()
  let carts: Carts
  let analytics: Analytics
  let satisfaction: Satisfaction

  init(_ house: House, _ world: World) {
    self.house = house
    self.world = world
    let recommendation = Recommendation(house)
    _ = Products(house)
    _ = Payments(house, world.provider)
    _ = Inventory(house, world.warehouse, world.servers)
    _ = Logistics(house, world.truck)
    carts = Carts(house)
    analytics = Analytics(house)
    _ = Moderation(house)
    satisfaction = Satisfaction(house)
    let services = Gateway.Services(
      users: Users(house), pages: ProductPage(house, recommendation), carts: carts,
      orders: Orders(house))
    traffic = Traffic(gateway: Gateway(house, services), house: house, meter: meter)
    Troublemaker.doubleOrders(house)
  }

  /// Puts on the shelves what the day will ask for, and not one piece more.
  func stockUp(_ invoices: [Invoice]) throws {
    var products: [String: ProductAdded] = [:]
    for item in invoices.flatMap(\.items) {
      products[
        item.sku,
        default: ProductAdded(
          sku: item.sku, description: item.description, price: item.unitPrice, quantity: 0)
      ].quantity += item.quantity
    }
    for sku in products.keys.sorted() {
      guard let product = products[sku] else { continue }
      try house.publish(product, as: Topic.productAdd, about: sku)
    }
  }

  /// Checks the inventory's servers, and tells the registry.
  func watchHealth() async throws {
    let servers = world.servers
    let policy = HealthCheckPolicy(interval: .seconds(10), timeout: .seconds(1), rise: 2, fall: 2)
    try await HealthMonitor(house.registry, service: "inventory", policy: policy) { instance in
      try await servers.first { $0.name == instance.id }?.ping()
    }.run()
  }

  /// Publishes orders that nobody can handle.
  func poison() async throws {
    for (index, second) in house.faults.poison.enumerated() {
      try await house.day.wait(until: second)
      let number = "poison-\(index + 1)"
      let order = OrderCreated(
        order: number, customer: "?", items: [], created: CallContext.current.readClock())
      try house.publish(order, as: Topic.orderCreated, about: number)
    }
  }

  /// Waits until everything that was published has been handled; orders whose events were given up are closed.
  func settle(within limit: Duration) async {
    let idle = ServiceCall("idle") { [bus = house.bus] (_: Void) in try await bus.waitUntilIdle() }
    _ = try? await idle.timeout(limit)()
    if house.isProtected { DeadLetterDesk(house, world.provider, world.warehouse).work() }
  }
}
