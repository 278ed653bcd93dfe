import Foundation
import GRDB
import Hummingbird
import Resilience

/// The catalogue: takes products in, and answers the product page over the broker.
struct Products: StorefrontService {
  static let name = "products"

  private let database: ServiceDatabase

  init(_ platform: Platform) throws {
    let database = try platform.database(
      """
      CREATE TABLE IF NOT EXISTS products (
        sku TEXT PRIMARY KEY, description TEXT NOT NULL, pence INTEGER NOT NULL, quantity INTEGER NOT NULL)
      """)
    self.database = database
    try platform.handle(Topic.productQuery) { [bus = platform.bus] query in
      let sku = query.data.sku
      let product = try await database.read { database in
        try Row.fetchOne(database, sql: "SELECT * FROM products WHERE sku = ?", arguments: [sku]).map(
          Product.init)
      }
      var reply = try Event(
        source: bus.source, type: Topic.productDetails, data: ProductDetails(product: product),
        deadline: query.deadline)
      reply.envelope.correlationID = query.correlationID ?? query.id
      try await bus.publish(reply)
    }
  }

  func addRoutes(to router: Router<StorefrontContext>) {
    router.post("products") { request, context in
      let product = try await request.decode(as: Product.self, context: context)
      guard (1...Product.maxSkuBytes).contains(product.sku.utf8.count),
        product.description.utf8.count <= Product.maxDescriptionBytes,
        (1...100_000_000).contains(product.pence),
        (0...1_000_000_000).contains(product.quantity)
      else {
        throw HTTPError(
          .unprocessableContent, message: "a sku, a price and a quantity from 0 are needed, and no long texts"
        )
      }
      let call = CallContext.current
      let (isNew, stored) = try await database.write { [database] transaction in
        try transaction.execute(
          sql: "INSERT OR IGNORE INTO products VALUES (?, ?, ?, ?)",
          arguments: [product.sku, product.description, product.pence, product.quantity])
        let isNew = transaction.changesCount > 0
        let sql = "SELECT * FROM products WHERE sku = ?"
        let stored = try Row.fetchOne(transaction, sql: sql, arguments: [product.sku]).map(Product.init)
        // Whoever asks again for one that is there may miss it on a shelf: its event may be lost.
        let id = isNew ? product.sku : "\(product.sku)/\(UUID().uuidString)"
        try database.publish(
          stored ?? product, as: Topic.productAdded, id: id, subject: product.sku, in: transaction, call)
        return (isNew, stored ?? product)
      }
      return EditedResponse(status: isNew ? .created : .ok, response: stored)
    }
  }
}

extension Product {
  fileprivate init(_ row: Row) {
    self.init(
      sku: row["sku"], description: row["description"], pence: row["pence"], quantity: row["quantity"])
  }
}

extension Product: ResponseEncodable {}
