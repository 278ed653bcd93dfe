import AsyncHTTPClient
import Hummingbird
import JWTKit
import Resilience
import ResilienceHummingbird

/// The gateway: who it is, how often, and the way to the right service.
struct Gateway: StorefrontService {
  static let name = "gateway"
  /// It has the port, and the limits, in memory.
  static let isRepeatable = false
  static let needsSecrets = true
  static let calls = ["users", "products", "productpage", "carts", "orders"]

  private let keys = JWTKeyCollection()
  /// Each as the configuration has it.
  private let limiter = KeyedRateLimiter<String>("customers", limit: .unlimited)
  /// Who has no token is limited by where the connection comes from, which a proxy before the shop shares out.
  private let strangers = KeyedRateLimiter<String>("strangers", limit: .unlimited)
  private let bulkhead = Bulkhead("gateway")
  private let isBare: Bool
  private let users, products, pages, carts, orders, configuration: Upstream

  init(_ platform: Platform) async throws {
    isBare = platform.settings.isBare
    await keys.add(hmac: HMACKey(from: platform.settings.secret), digestAlgorithm: .sha256)
    users = Upstream(platform.calls(to: "users"))
    products = Upstream(platform.calls(to: "products"))
    pages = Upstream(platform.calls(to: "productpage"))
    carts = Upstream(platform.calls(to: "carts"))
    orders = Upstream(platform.calls(to: "orders"))
    configuration = Upstream(platform.calls(to: ConfigurationService.name))
    platform.configuration.apply { [limiter, strangers, bulkhead] policies in
      if policies.customers != limiter.limit { limiter.update(policies.customers) }
      if policies.strangers != strangers.limit { strangers.update(policies.strangers) }
      bulkhead.update(policies.bulkhead)
    }
  }

  var metrics: [any MetricSource] { [limiter.snapshot(), strangers.snapshot(), bulkhead.snapshot()] }

  func protect(_ router: Router<StorefrontContext>) {
    router.addMiddleware {
      RefusalMiddleware(otherwise: .badGateway)
      TokenMiddleware(keys: keys)
    }
    if isBare { return }
    router.addMiddleware {
      RateLimitMiddleware(limiter) { _, context in context.identity?.name }
      RateLimitMiddleware(strangers) { _, context in context.identity == nil ? context.peer : nil }
      BodyMiddleware()
      BulkheadMiddleware(bulkhead)
    }
  }

  func addRoutes(to router: Router<StorefrontContext>) {
    addConfiguration(to: router)
    router.post("tokens") { request, context in try await users.forward(request, context) }
    router.get("products/:sku") { request, context in try await pages.forward(request, context) }
    router.post("products") { request, context in
      try context.require(.staff)
      return try await products.forward(request, context)
    }
    router.get("carts/:customer") { request, context in
      try context.require(customer: context.parameters.require("customer"))
      return try await carts.forward(request, context)
    }
    router.post("carts/:customer/items") { request, context in
      try context.require(customer: context.parameters.require("customer"))
      return try await carts.forward(request, context)
    }
    router.post("orders") { request, context in
      try context.require(.customer)
      return try await orders.forward(request, context)
    }
    router.get("orders/:id") { request, context in
      let identity = try context.require()
      let (response, status) = try await orders.forward(request, context, reading: Orders.Status.self)
      guard let status, identity.role != .staff, status.customer != identity.sub.value else {
        return response
      }
      // Whose order it is, is nobody else's affair; nor that there is one.
      throw HTTPError(.notFound, message: "no order \(status.id)")
    }
  }

  private func addConfiguration(to router: Router<StorefrontContext>) {
    for path in ["configuration", "configuration/:version"] as [RouterPath] {
      router.get(path) { request, context in
        try context.require(.staff)
        return try await configuration.forward(request, context)
      }
    }
    router.put("configuration") { request, context in
      try context.require(.staff)
      return try await configuration.forward(request, context)
    }
  }
}
