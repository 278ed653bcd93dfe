import Resilience

/// The gateway: a rate limit for each customer, a token check, and the way to the right service.
final class Gateway: Sendable {
  struct Request: Sendable {
    enum Action: Sendable {
      case register
      case logIn
      case page(sku: String)
      case addToCart(sku: String, quantity: Int)
      case checkOut(Invoice)
    }

    var customer: String
    var token: String
    var action: Action

    var isPage: Bool { if case .page = action { true } else { false } }
  }

  enum Reply: Sendable {
    case done
    case token(String)
    case page(ProductPage.Page)
  }

  struct Unauthorised: Error {}

  struct Services: Sendable {
    var users: Users
    var pages: ProductPage
    var carts: Carts
    var orders: Orders
  }

  let handle: AnyHandler<Request, Reply>

  init(_ platform: Platform, _ services: Services) {
    let route = ServiceCall("gateway") { (request: Request) in
      platform.served.count("gateway")
      return try await Self.route(request, services)
    }
    handle = platform.protect(route) { route in
      route.rateLimit(platform.customerLimiter, by: { $0.customer }).deadline(.seconds(4))
    }
  }

  private static func route(_ request: Request, _ services: Services) async throws -> Reply {
    switch request.action {
    case .register:
      try services.users.register(request.customer)
      return .done
    case .logIn:
      return .token(try services.users.logIn(request.customer))
    case .page, .addToCart, .checkOut:
      guard services.users.isValid(request.token, of: request.customer) else { throw Unauthorised() }
      return try await serve(request, services)
    }
  }

  private static func serve(_ request: Request, _ services: Services) async throws -> Reply {
    switch request.action {
    case .register, .logIn: break
    case .page(let sku): return .page(try await services.pages.page(sku))
    case .addToCart(let sku, let quantity): try services.carts.add(sku, quantity, for: request.customer)
    case .checkOut(let invoice):
      try await services.orders.place(invoice)
      services.carts.empty(request.customer)
    }
    return .done
  }
}
