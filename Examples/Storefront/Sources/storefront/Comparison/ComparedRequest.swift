import NIOHTTP1

/// What customers ask for while two shops are compared: from a call to one service to an order.
enum ComparedRequest: String, CaseIterable, Sendable {
  /// One call, which reads.
  case cart = "GET /carts/{customer}"
  /// One call, which writes.
  case item = "POST /carts/{customer}/items"
  /// One call, and a question over the broker.
  case page = "GET /products/{sku}"
  /// One call, and the events that follow.
  case order = "POST /orders"

  /// - Parameters:
  ///   - shop: A client with the customer's token.
  ///   - key: Tells this request from all others.
  func send(by shop: ShopClient, customer: String, key: String) async throws -> ShopClient.Answer {
    let item = Order.Item(sku: DayProbe.product.sku, quantity: 1)
    switch self {
    case .cart: return try await shop.get("/carts/\(customer)")
    case .item: return try await shop.send(.POST, "/carts/\(customer)/items", item, key: key)
    case .page: return try await shop.get("/products/\(item.sku)")
    case .order: return try await shop.send(.POST, "/orders", ["items": [item]], key: key)
    }
  }
}
