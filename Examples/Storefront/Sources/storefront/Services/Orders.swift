import Foundation
import GRDB
import Hummingbird
import Resilience

/// Orders: takes them, announces them, and writes down how they end.
struct Orders: StorefrontService {
  static let name = "orders"

  private let platform: Platform
  private let database: ServiceDatabase
  private let reconciliation: Reconciliation

  /// What goes into one event, and into one transaction, has a bound.
  static let maxItems = 500

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
        id TEXT PRIMARY KEY, customer TEXT NOT NULL, key TEXT NOT NULL, pence INTEGER NOT NULL,
        document TEXT NOT NULL, repeats INTEGER NOT NULL DEFAULT 0);
      CREATE INDEX IF NOT EXISTS repeated ON orders(repeats) WHERE repeats > 0;
      CREATE TABLE IF NOT EXISTS awaited (
        order_id TEXT NOT NULL, what TEXT NOT NULL, PRIMARY KEY (order_id, what));
      CREATE TABLE IF NOT EXISTS endings (
        order_id TEXT NOT NULL, status TEXT NOT NULL, PRIMARY KEY (order_id, status));
      CREATE TABLE IF NOT EXISTS letters (
        number INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, order_id TEXT,
        reason TEXT NOT NULL)
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
        try database.stopAwaiting(Reconciliation.ending, of: order)
        return nil
      }
    }
    try platform.step(on: Topic.cartCleared, in: database) { order, database in
      try database.stopAwaiting(Reconciliation.clearedCart, of: order)
      return nil
    }
    reconciliation = Reconciliation(database, patience: platform.settings.patience)
  }

  var metrics: [any MetricSource] { [try? reconciliation.snapshot()].compactMap(\.self) }

  func addRoutes(to router: Router<StorefrontContext>) {
    router.post("orders") { request, context in
      guard let customer = request.headers[.customer] else { throw HTTPError(.badRequest) }
      let placing = try await request.decode(as: Placing.self, context: context)
      let order = try await place(placing.items, of: customer, key: request.idempotencyKey())
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
    guard items.count <= Self.maxItems else {
      throw HTTPError(
        .unprocessableContent, message: "an order has \(Self.maxItems) items at most, not \(items.count)")
    }
    for item in items { try item.check() }
    let id = UUID().uuidString.lowercased()
    let call = CallContext.current
    return try await database.answerOnce("order \(customer) \(key)") { [orders = database] database in
      var order = Order(id: id, customer: customer, items: items, pence: 0)
      for item in items {
        let price = try Int.fetchOne(
          database, sql: "SELECT pence FROM prices WHERE sku = ?", arguments: [item.sku])
        guard let price else { throw HTTPError(.unprocessableContent, message: "no product \(item.sku)") }
        order.pence += price * item.quantity
      }
      let document = String(decoding: try JSONEncoder().encode(order), as: UTF8.self)
      try database.execute(
        sql: "INSERT INTO orders (id, customer, key, pence, document) VALUES (?, ?, ?, ?, ?)",
        arguments: [id, customer, key, order.pence, document])
      try database.await(Reconciliation.all, of: order)
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
  func run() async throws {
    try await platform.everySecond {
      // Orders do not wait for a broker that is away.
      try await reconciliation.publishAgain()
      try await giveUpTheDead()
    }
  }

  /// Takes the broker's dead letters of orders and of page questions out, each into the books, and has an order
  /// whose event is among them end: logistics says how. All others stay, for somebody to look at.
  private func giveUpTheDead() async throws {
    guard let broker = platform.bus.broker else { return }
    var last: String?
    while true {
      let letters = try await broker.deadLetters(of: nil, after: last, limit: 100)
      guard let latest = letters.last else { return }
      for letter in letters { try await giveUp(letter, at: broker) }
      last = latest.id
    }
  }

  private func giveUp(_ letter: BrokerDeadLetter, at broker: any EventBroker) async throws {
    let event = letter.event
    let order =
      Topic.ofOrders.contains(event.type)
      ? event.data.flatMap { try? JSONDecoder().decode(Order.self, from: Data($0)) } : nil
    guard order != nil || Topic.ofPages.contains(event.type) else { return }
    let reason = "\(event.type) for \(letter.group): \(letter.death.reason)"
    // Not the broker's number, which one that has lost its data gives out again.
    let key = "\(letter.group) \(event.type) \(event.id) \(letter.death.time.nanoseconds)"
    try await database.write { [orders = database] database in
      try database.execute(
        sql: "INSERT OR IGNORE INTO letters (key, order_id, reason) VALUES (?, ?, ?)",
        arguments: [key, order?.id, reason])
      guard let order, database.changesCount > 0 else { return }
      // Each letter is a reason of its own to cancel what has happened since the last one.
      try orders.publish(
        order, as: Topic.orderGivenUp,
        id: "\(order.id)/\(Topic.orderGivenUp.name)/\(database.lastInsertedRowID)",
        subject: order.id, in: database, .current)
    }
    try await broker.removeDeadLetter(letter.id)
  }
}

// MARK: - Books

extension Orders {
  struct Books: ResponseCodable {
    struct Entry: Codable, Hashable {
      var id: String
      var customer: String
      /// What the customer's requests for it have in common.
      var key: String
      var endings: [String]
      var pence: Int
      var items: [Order.Item]

      var pieces: Int { items.reduce(0) { $0 + $1.quantity } }
    }

    struct Letter: Codable, Hashable {
      var order: String?
      var reason: String
    }

    /// Products that can be ordered.
    var products: Int
    var orders: [Entry]
    var letters: [Letter]
    /// Orders of which something is still awaited.
    var awaited: Int
    /// How often an order was published again.
    var repeats: Int
  }

  private func addBooks(to router: Router<StorefrontContext>) {
    router.get("books") { _, _ in
      try await database.read { database in
        let endings = try Row.fetchAll(database, sql: "SELECT * FROM endings")
        let byOrder = Dictionary(grouping: endings) { $0["order_id"] as String }
        let orders = try Row.fetchAll(database, sql: "SELECT key, document FROM orders").map { row in
          let order = try JSONDecoder().decode(Order.self, from: Data((row["document"] as String).utf8))
          return Books.Entry(
            id: order.id, customer: order.customer, key: row["key"],
            endings: (byOrder[order.id] ?? []).map { $0["status"] }, pence: order.pence, items: order.items)
        }
        return Books(
          products: try Int.fetchOne(database, sql: "SELECT count(*) FROM prices") ?? 0, orders: orders,
          letters: try Row.fetchAll(database, sql: "SELECT * FROM letters").map {
            Books.Letter(order: $0["order_id"], reason: $0["reason"])
          }, awaited: try database.awaitedCount(), repeats: try database.repeatCount())
      }
    }
  }
}
