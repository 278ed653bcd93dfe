import GRDB
import Hummingbird
import Resilience

/// The inventory: takes an order's goods off the shelves, all or none.
struct Inventory: StorefrontService {
  static let name = "inventory"

  private let database: ServiceDatabase

  init(_ platform: Platform) throws {
    let database = try platform.database(
      """
      CREATE TABLE IF NOT EXISTS shelves (
        sku TEXT PRIMARY KEY, initial INTEGER NOT NULL, stock INTEGER NOT NULL CHECK (stock >= 0));
      CREATE TABLE IF NOT EXISTS taken (order_id TEXT NOT NULL, sku TEXT NOT NULL, quantity INTEGER NOT NULL)
      """)
    self.database = database
    try platform.handle(Topic.productAdded) { event in
      let product = event.data
      try await database.write { database in
        try database.execute(
          sql: "INSERT OR IGNORE INTO shelves VALUES (?, ?, ?)",
          arguments: [product.sku, product.quantity, product.quantity])
      }
    }
    try platform.step(on: Topic.paymentCompleted, in: database) { order, database in
      if let cancelled = try database.outcome(of: order, on: Topic.orderCancelled) { return cancelled.next }
      guard try database.hasAll(order) else { return Topic.stockRefused }
      for item in order.items { try database.take(item.quantity, of: item.sku, for: order) }
      return Topic.stockUpdated
    }
    try platform.step(on: Topic.orderCancelled, in: database) { order, database in
      let taken = try Row.fetchAll(
        database, sql: "SELECT sku, sum(quantity) AS quantity FROM taken WHERE order_id = ? GROUP BY sku",
        arguments: [order.id])
      for row in taken { try database.take(-(row["quantity"] as Int), of: row["sku"], for: order) }
      return Topic.stockReturned
    }
  }

  struct Books: ResponseCodable {
    struct Shelf: Codable, Hashable {
      var sku: String
      var initial: Int
      var stock: Int
    }

    var shelves: [Shelf]
    /// Pieces that each order holds.
    var taken: [String: Int]
  }

  func addRoutes(to router: Router<StorefrontContext>) {
    router.get("books") { _, _ in
      try await database.read { database in
        let taken = try Row.fetchAll(
          database, sql: "SELECT order_id, sum(quantity) AS quantity FROM taken GROUP BY order_id")
        return Books(
          shelves: try Row.fetchAll(database, sql: "SELECT * FROM shelves").map {
            Books.Shelf(sku: $0["sku"], initial: $0["initial"], stock: $0["stock"])
          },
          taken: Dictionary(uniqueKeysWithValues: taken.map { ($0["order_id"], $0["quantity"]) }))
      }
    }
  }
}

extension Database {
  fileprivate func hasAll(_ order: Order) throws -> Bool {
    let wanted = order.items.reduce(into: [:]) { $0[$1.sku, default: 0] += $1.quantity }
    return try wanted.allSatisfy { sku, quantity in
      let stock = try Int.fetchOne(self, sql: "SELECT stock FROM shelves WHERE sku = ?", arguments: [sku])
      return stock ?? 0 >= quantity
    }
  }

  fileprivate func take(_ quantity: Int, of sku: String, for order: Order) throws {
    try execute(sql: "UPDATE shelves SET stock = stock - ? WHERE sku = ?", arguments: [quantity, sku])
    try execute(sql: "INSERT INTO taken VALUES (?, ?, ?)", arguments: [order.id, sku, quantity])
  }
}
