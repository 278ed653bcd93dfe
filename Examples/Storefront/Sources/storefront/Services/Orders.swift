import Foundation
import GRDB
import Hummingbird
import Resilience

/// Orders: takes them, announces them, and writes down how they end.
struct Orders: StorefrontService {
  static let name = "orders"

  private let platform: Platform
  private let database: ServiceDatabase

  private struct Placing: Decodable {
    var items: [Order.Item]
  }

  struct Status: ResponseCodable {
    var id: String
    var customer: String
    /// `placed`, `shipped`, `declined` or `refunded`.
    var status: String
    var pence: Int
  }

  init(_ platform: Platform) throws {
    self.platform = platform
    let database = try platform.database(
      """
      CREATE TABLE IF NOT EXISTS prices (sku TEXT PRIMARY KEY, pence INTEGER NOT NULL);
      CREATE TABLE IF NOT EXISTS orders (
        id TEXT PRIMARY KEY, customer TEXT NOT NULL, pence INTEGER NOT NULL, document TEXT NOT NULL);
      CREATE TABLE IF NOT EXISTS endings (
        order_id TEXT NOT NULL, status TEXT NOT NULL, PRIMARY KEY (order_id, status));
      CREATE TABLE IF NOT EXISTS letters (id TEXT PRIMARY KEY, order_id TEXT, reason TEXT NOT NULL)
      """)
    self.database = database
    try platform.handle(Topic.productAdded) { event in
      let product = event.data
      try await database.write { database in
        try database.execute(
          sql: "INSERT OR REPLACE INTO prices VALUES (?, ?)", arguments: [product.sku, product.pence])
      }
    }
    let endings = [
      (Topic.orderShipped, "shipped"), (Topic.paymentDeclined, "declined"), (Topic.orderRefunded, "refunded"),
    ]
    for (topic, status) in endings {
      try platform.step(on: topic, in: database) { order, database in
        try database.execute(
          sql: "INSERT OR IGNORE INTO endings VALUES (?, ?)", arguments: [order.id, status])
        return nil
      }
    }
  }

  func addRoutes(to router: Router<StorefrontContext>) {
    router.post("orders") { request, context in
      guard let customer = request.headers[.customer] else { throw HTTPError(.badRequest) }
      let placing = try await request.decode(as: Placing.self, context: context)
      let order = try await place(placing.items, of: customer, key: request.idempotencyKey(of: customer))
      return EditedResponse(
        status: .created,
        response: Status(id: order.id, customer: customer, status: "placed", pence: order.pence))
    }
    router.get("orders/:id") { _, context in
      let id = try context.parameters.require("id")
      guard let status = try await status(of: id) else {
        throw HTTPError(.notFound, message: "no order \(id)")
      }
      return status
    }
    addBooks(to: router)
  }

  private func place(_ items: [Order.Item], of customer: String, key: String) async throws -> Order {
    guard !items.isEmpty else { throw HTTPError(.unprocessableContent, message: "an order has items") }
    for item in items { try item.check() }
    let id = UUID().uuidString.lowercased()
    let call = CallContext.current
    return try await database.answerOnce(key) { [orders = database] database in
      var order = Order(id: id, customer: customer, items: items, pence: 0)
      for item in items {
        let price = try Int.fetchOne(
          database, sql: "SELECT pence FROM prices WHERE sku = ?", arguments: [item.sku])
        guard let price else { throw HTTPError(.unprocessableContent, message: "no product \(item.sku)") }
        order.pence += price * item.quantity
      }
      let document = String(decoding: try JSONEncoder().encode(order), as: UTF8.self)
      try database.execute(
        sql: "INSERT INTO orders VALUES (?, ?, ?, ?)", arguments: [id, customer, order.pence, document])
      try orders.publish(order, as: Topic.orderCreated, in: database, call)
      return order
    }
  }

  private func status(of id: String) async throws -> Status? {
    try await database.read { database in
      try Row.fetchOne(
        database,
        sql: """
          SELECT orders.id, customer, pence, coalesce(endings.status, 'placed') AS status
          FROM orders LEFT JOIN endings ON endings.order_id = orders.id WHERE orders.id = ?
          """, arguments: [id]
      ).map { Status(id: $0["id"], customer: $0["customer"], status: $0["status"], pence: $0["pence"]) }
    }
  }
}

// MARK: - Dead letters

extension Orders {
  func run() async throws { try await platform.everySecond(giveUpTheDead) }

  /// Takes the broker's dead letters out, each into the books, and has an order whose event is among them
  /// end: logistics says how.
  private func giveUpTheDead() async throws {
    guard let broker = platform.bus.broker else { return }
    for letter in try await broker.deadLetters() {
      let order = letter.event.data.flatMap { try? JSONDecoder().decode(Order.self, from: Data($0)) }
      let reason = "\(letter.event.type) for \(letter.group): \(letter.death.reason)"
      try await database.write { [orders = database] database in
        try database.execute(
          sql: "INSERT OR IGNORE INTO letters VALUES (?, ?, ?)", arguments: [letter.id, order?.id, reason])
        guard let order, database.changesCount > 0 else { return }
        try orders.publish(order, as: Topic.orderGivenUp, in: database, .current)
      }
      try await broker.removeDeadLetter(letter.id)
    }
  }
}

// MARK: - Books

extension Orders {
  struct Books: ResponseCodable {
    struct Entry: Codable, Hashable {
      var id: String
      var endings: [String]
      var pence: Int
      var pieces: Int
    }

    struct Letter: Codable, Hashable {
      var order: String?
      var reason: String
    }

    /// Products that can be ordered.
    var products: Int
    var orders: [Entry]
    var letters: [Letter]
  }

  private func addBooks(to router: Router<StorefrontContext>) {
    router.get("books") { _, _ in
      try await database.read { database in
        let endings = try Row.fetchAll(database, sql: "SELECT * FROM endings")
        let byOrder = Dictionary(grouping: endings) { $0["order_id"] as String }
        let documents = try String.fetchAll(database, sql: "SELECT document FROM orders")
        let orders = try documents.map { try JSONDecoder().decode(Order.self, from: Data($0.utf8)) }
        return Books(
          products: try Int.fetchOne(database, sql: "SELECT count(*) FROM prices") ?? 0,
          orders: orders.map { order in
            Books.Entry(
              id: order.id, endings: (byOrder[order.id] ?? []).map { $0["status"] }, pence: order.pence,
              pieces: order.pieces)
          },
          letters: try Row.fetchAll(database, sql: "SELECT * FROM letters").map {
            Books.Letter(order: $0["order_id"], reason: $0["reason"])
          })
      }
    }
  }
}
