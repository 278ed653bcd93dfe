import GRDB
import Hummingbird
import Resilience

/// The carts: what each customer is about to buy. What is ordered leaves it.
struct Carts: StorefrontService {
  static let name = "carts"

  private let database: ServiceDatabase

  struct Cart: ResponseCodable {
    var customer: String
    var items: [Order.Item]
  }

  init(_ platform: Platform) throws {
    let database = try platform.database(
      """
      CREATE TABLE IF NOT EXISTS items (
        customer TEXT NOT NULL, sku TEXT NOT NULL, quantity INTEGER NOT NULL, PRIMARY KEY (customer, sku))
      """)
    self.database = database
    try platform.step(on: Topic.orderCreated, in: database) { order, database in
      for item in order.items {
        try database.execute(
          sql: "UPDATE items SET quantity = quantity - ? WHERE customer = ? AND sku = ?",
          arguments: [item.quantity, order.customer, item.sku])
      }
      try database.execute(
        sql: "DELETE FROM items WHERE customer = ? AND quantity <= 0", arguments: [order.customer])
      return Topic.cartCleared
    }
  }

  func addRoutes(to router: Router<StorefrontContext>) {
    router.get("carts/:customer") { _, context in try await cart(of: context.parameters.require("customer")) }
    router.post("carts/:customer/items") { request, context in
      let customer = try context.parameters.require("customer")
      let item = try await request.decode(as: Order.Item.self, context: context)
      try item.check()
      let key = "cart item \(customer) \(try request.idempotencyKey())"
      _ = try await database.answerOnce(key) { database in
        try database.execute(
          sql: """
            INSERT INTO items VALUES (?, ?, ?)
            ON CONFLICT DO UPDATE SET quantity = min(quantity + excluded.quantity, 1000000)
            """, arguments: [customer, item.sku, item.quantity])
        return true
      }
      return EditedResponse(status: .created, response: try await cart(of: customer))
    }
  }

  private func cart(of customer: String) async throws -> Cart {
    let items = try await database.read { database in
      try Row.fetchAll(
        database, sql: "SELECT sku, quantity FROM items WHERE customer = ? ORDER BY sku",
        arguments: [customer]
      ).map { Order.Item(sku: $0["sku"], quantity: $0["quantity"]) }
    }
    return Cart(customer: customer, items: items)
  }
}
