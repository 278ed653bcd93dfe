import GRDB
import Hummingbird
import Resilience

/// The catalogue: takes products in, and answers the product page over the broker.
struct Products: StorefrontService {
  static let name = "products"

  private let platform: Platform
  private let database: ServiceDatabase

  init(_ platform: Platform) throws {
    self.platform = platform
    let database = try platform.database(
      """
      CREATE TABLE IF NOT EXISTS products (
        sku TEXT PRIMARY KEY, description TEXT NOT NULL, pence INTEGER NOT NULL, quantity INTEGER NOT NULL,
        announced INTEGER NOT NULL DEFAULT 0)
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
      guard !product.sku.isEmpty, (1...100_000_000).contains(product.pence),
        (0...1_000_000_000).contains(product.quantity)
      else {
        throw HTTPError(.unprocessableContent, message: "a sku, a price and a quantity from 0 are needed")
      }
      let isNew = try await database.write { database in
        try database.execute(
          sql: "INSERT OR IGNORE INTO products (sku, description, pence, quantity) VALUES (?, ?, ?, ?)",
          arguments: [product.sku, product.description, product.pence, product.quantity])
        return database.changesCount > 0
      }
      // Of one that was told of and not noted the run below tells again.
      if isNew { try await announce(product) }
      return EditedResponse(status: isNew ? .created : .ok, response: product)
    }
  }

  /// Tells of the products that nobody has been told of: a crash may come between a write and its event.
  private func announceTheRest() async throws {
    let products = try await database.read { database in
      try Row.fetchAll(database, sql: "SELECT * FROM products WHERE announced = 0").map(Product.init)
    }
    for product in products { try await announce(product) }
  }

  private func announce(_ product: Product) async throws {
    let event = try Event(
      id: product.sku, source: Self.name, type: Topic.productAdded, subject: product.sku, data: product)
    try await platform.bus.publish(event)
    try await database.write { database in
      try database.execute(sql: "UPDATE products SET announced = 1 WHERE sku = ?", arguments: [product.sku])
    }
  }

  func run() async throws { try await platform.everySecond(announceTheRest) }
}

extension Product {
  fileprivate init(_ row: Row) {
    self.init(
      sku: row["sku"], description: row["description"], pence: row["pence"], quantity: row["quantity"])
  }
}

extension Product: ResponseEncodable {}
