import NIOCore
import NIOHTTP1

/// Asks for what needs a service, until it is there.
struct DayProbe: Sendable {
  static let product = Product(
    sku: "PROBE", description: "A piece that shows the way", pence: 100, quantity: 10_000)
  static let piece = Order.Item(sku: product.sku, quantity: 1)
  private static let customer = "probe"

  let day: DayRun
  let shop: ShopClient
  let supervisor: Supervisor

  /// - Returns: How long it took from `start` until something that needs the service was done.
  /// - Throws: What went wrong last, when it is not there within `limit`.
  func recovery(of service: String, since start: ContinuousClock.Instant, within limit: Duration) async throws
    -> Duration
  {
    var attempt = 0
    while true {
      attempt += 1
      do {
        try await ask(service, key: "\(day.id) probe \(service) \(start) \(attempt)", until: start + limit)
        return start.duration(to: .now)
      } catch {
        if start.duration(to: .now) > limit { throw error }
        try await Task.sleep(for: .milliseconds(20))
      }
    }
  }

  private func ask(_ service: String, key: String, until end: ContinuousClock.Instant) async throws {
    // Nothing that a customer sees needs these.
    if let path = [Analytics.name: "/books", Monitor.name: "/traces.json"][service] {
      let address = supervisor.address(of: service)
      _ = try answer(path, await ShopClient(client: shop.client, gateway: address).get(path))
      return
    }
    if service == ConfigurationService.name {
      // So is this: only the staff sees it.
      let staff = try await loggedIn(["staffKey": supervisor.staffKey])
      _ = try answer("/configuration", await staff.get("/configuration"))
      return
    }
    let (shop, item) = (try await loggedIn(), Self.piece)
    switch service {
    case "gateway", "users":
      // Whether the token holds: nobody has this order.
      let found = try await shop.get("/orders/none")
      if found.status != 404 { _ = try answer("/orders/none", found) }
    case "products":
      // It is there: nothing changes.
      let staff = try await loggedIn(["staffKey": supervisor.staffKey])
      _ = try answer("/products/", await staff.send(.POST, "/products/", Self.product))
      _ = try answer("/products", await shop.get("/products/\(item.sku)"))
    case "productpage": _ = try answer("/products", await shop.get("/products/\(item.sku)"))
    case "carts":
      let path = "/carts/\(Self.customer)/items"
      _ = try answer(path, await shop.send(.POST, path, item, key: key))
    case "orders": _ = try await order(item, by: shop, key: key)
    default:
      let order = try await order(item, by: shop, key: key)
      while try await status(of: order, by: shop) != "shipped" {
        guard ContinuousClock.now < end else { throw NoInstance(service: service) }
        try await Task.sleep(for: .milliseconds(20))
      }
    }
  }

  /// - Parameter subject: `["staffKey": …]` for the staff.
  func loggedIn(_ subject: [String: String] = ["customer": customer]) async throws -> ShopClient {
    var shop = shop
    shop.token = try answer("/tokens", await shop.send(.POST, "/tokens", subject))
      .decoded(as: Users.Token.self).token
    return shop
  }

  func order(_ item: Order.Item, by shop: ShopClient, key: String) async throws -> String {
    let placed = try answer("/orders", await shop.send(.POST, "/orders/", ["items": [item]], key: key))
    let id = try placed.decoded(as: Orders.Status.self).id
    day.acknowledge(id)
    return id
  }

  func status(of order: String, by shop: ShopClient) async throws -> String {
    // An order that was taken is followed, whatever one answer says.
    guard let found = try? await shop.get("/orders/\(order)"), found.status == 200 else { return "unknown" }
    return try found.decoded(as: Orders.Status.self).status
  }

  private func answer(_ path: String, _ answer: ShopClient.Answer) throws -> ShopClient.Answer {
    guard answer.status < 300 else {
      throw ShopClient.Refused(request: path, status: answer.status, body: String(buffer: answer.body))
    }
    return answer
  }
}
