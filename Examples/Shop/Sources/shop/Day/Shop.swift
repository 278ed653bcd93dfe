import Resilience

/// All services, wired.
struct Shop: Sendable {
  let platform: Platform
  let world: OutsideWorld
  let traffic: Traffic
  let meter = CustomerMeter()
  let carts: Carts
  let analytics: Analytics
  let satisfaction: Satisfaction

  init(_ platform: Platform, _ world: OutsideWorld) throws {
    self.platform = platform
    self.world = world
    let recommendation = try Recommendation(platform)
    _ = try Products(platform)
    _ = try Payments(platform, world.provider)
    _ = try Inventory(platform, world.warehouse, world.servers)
    _ = try Logistics(platform, world.truck)
    carts = try Carts(platform)
    analytics = try Analytics(platform)
    _ = try Moderation(platform)
    satisfaction = try Satisfaction(platform)
    let services = try Gateway.Services(
      users: Users(platform), pages: ProductPage(platform, recommendation), carts: carts,
      orders: Orders(platform))
    traffic = Traffic(gateway: Gateway(platform, services), platform: platform, meter: meter)
    try DuplicatingBroker.start(platform)
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
      try platform.publish(product, as: Topic.productAdd, about: sku)
    }
  }

  /// Checks the inventory's servers, and tells the registry.
  func watchHealth() async throws {
    let servers = world.servers
    let policy = HealthCheckPolicy(interval: .seconds(10), timeout: .seconds(1), rise: 2, fall: 2)
    try await HealthMonitor(platform.registry, service: "inventory", policy: policy) { instance in
      try await servers.first { $0.name == instance.id }?.ping()
    }.run()
  }

  /// Publishes orders that nobody can handle.
  func poison() async throws {
    for (index, second) in platform.faults.poison.enumerated() {
      try await platform.day.wait(until: second)
      let number = "poison-\(index + 1)"
      let order = OrderCreated(
        order: number, customer: "?", items: [], created: CallContext.current.readClock())
      try platform.publish(order, as: Topic.orderCreated, about: number)
    }
  }

  /// Waits until everything that was published has been handled; orders whose events were given up are
  /// closed.
  func settle(within limit: Duration) async {
    let idle = ServiceCall("idle") { [bus = platform.bus] (_: Void) in try await bus.waitUntilIdle() }
    _ = try? await idle.timeout(limit)()
    if platform.refundsDeadLetters { DeadLetterRefunds(platform, world.provider, world.warehouse).work() }
  }
}
