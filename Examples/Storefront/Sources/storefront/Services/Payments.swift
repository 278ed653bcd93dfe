import GRDB
import Hummingbird
import Resilience

/// Payments: charges what was ordered, and gives back what is not delivered.
struct Payments: StorefrontService {
  static let name = "payments"

  /// Above this a card is declined: £1 000.
  static let cardLimit = 100_000

  private let database: ServiceDatabase
  /// `nil` for a shop without patterns.
  private let chargeLimit: ChargeLimit?

  init(_ platform: Platform) throws {
    // No key on the order: a second charge would be there to be seen.
    let database = try platform.database(
      "CREATE TABLE IF NOT EXISTS movements (order_id TEXT NOT NULL, pence INTEGER NOT NULL)")
    let limit = platform.settings.isBare ? nil : ChargeLimit(platform.settings, logger: platform.logger)
    (self.database, chargeLimit) = (database, limit)
    let permit: @Sendable (Order) async throws -> Void = { order in
      guard let limit, try await database.read({ try Self.isToBeCharged(order, $0) }) else { return }
      try await limit.acquire()
    }
    try platform.step(on: Topic.orderCreated, in: database, after: permit) { order, database in
      if let returned = try database.outcome(of: order, on: Topic.stockReturned) { return returned.next }
      guard order.pence <= Self.cardLimit else { return Topic.paymentDeclined }
      try database.move(order.pence, for: order)
      return Topic.paymentCompleted
    }
    try platform.step(on: Topic.stockRefused, in: database, Self.refund)
    // After the inventory: an order ends when all that is to be done for it is done.
    try platform.step(on: Topic.stockReturned, in: database) { order, database in
      let charge = try database.outcome(of: order, on: Topic.orderCreated)
      return charge?.next == Topic.paymentDeclined ? charge?.next : try Self.refund(order, database)
    }
  }

  /// Whether the step has not been done, and will charge the card.
  private static func isToBeCharged(_ order: Order, _ database: Database) throws -> Bool {
    try order.pence <= cardLimit && database.outcome(of: order, on: Topic.orderCreated) == nil
      && database.outcome(of: order, on: Topic.stockReturned) == nil
  }

  private static func refund(_ order: Order, _ database: Database) throws -> EventType<Order>? {
    let balance = try Int.fetchOne(
      database, sql: "SELECT sum(pence) FROM movements WHERE order_id = ?", arguments: [order.id])
    if let balance, balance > 0 { try database.move(-balance, for: order) }
    return Topic.orderRefunded
  }

  /// Each movement of money: above zero a charge, below a refund.
  struct Books: ResponseCodable {
    struct Movement: Codable, Hashable {
      var order: String
      var pence: Int
    }

    var movements: [Movement]
  }

  var metrics: [any MetricSource] { chargeLimit.map { [$0.snapshot()] } ?? [] }

  func addRoutes(to router: Router<StorefrontContext>) {
    router.get("books") { _, _ in
      try await database.read { database in
        Books(
          movements: try Row.fetchAll(database, sql: "SELECT * FROM movements").map {
            Books.Movement(order: $0["order_id"], pence: $0["pence"])
          })
      }
    }
  }
}

extension Database {
  fileprivate func move(_ pence: Int, for order: Order) throws {
    try execute(sql: "INSERT INTO movements VALUES (?, ?)", arguments: [order.id, pence])
  }
}
