import GRDB
import Hummingbird
import Resilience

/// Logistics: ships what was taken off the shelves. One parcel in seventeen is lost before it leaves.
struct Logistics: StorefrontService {
  static let name = "logistics"

  private let database: ServiceDatabase

  init(_ platform: Platform) throws {
    let database = try platform.database(
      "CREATE TABLE IF NOT EXISTS parcels (order_id TEXT NOT NULL, pieces INTEGER NOT NULL)")
    self.database = database
    try platform.step(on: Topic.stockUpdated, in: database) { order, database in
      if let givenUp = try database.outcome(of: order, on: Topic.orderGivenUp) { return givenUp.next }
      guard !Self.losesParcel(of: order) else { throw PoisonEvent("the parcel of order \(order.id) is lost") }
      try database.execute(sql: "INSERT INTO parcels VALUES (?, ?)", arguments: [order.id, order.pieces])
      return Topic.orderShipped
    }
    try platform.step(on: Topic.orderGivenUp, in: database) { order, database in
      let isShipped = try Bool.fetchOne(
        database, sql: "SELECT EXISTS (SELECT * FROM parcels WHERE order_id = ?)", arguments: [order.id])
      return isShipped == true ? Topic.orderShipped : Topic.orderCancelled
    }
  }

  /// By the order, so that it is lost however often it is tried.
  static func losesParcel(of order: Order) -> Bool { order.pieces % 17 == 3 }

  struct Books: ResponseCodable {
    struct Parcel: Codable, Hashable {
      var order: String
      var pieces: Int
    }

    var parcels: [Parcel]
  }

  func addRoutes(to router: Router<StorefrontContext>) {
    router.get("books") { _, _ in
      try await database.read { database in
        Books(
          parcels: try Row.fetchAll(database, sql: "SELECT * FROM parcels").map {
            Books.Parcel(order: $0["order_id"], pieces: $0["pieces"])
          })
      }
    }
  }
}
