import Foundation
import GRDB
import Resilience

struct Problem: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

/// Kills the shop so many times, each third time while it opens, the first in an empty folder; delivers what is left, and compares: each order has one shipment and each shipment one
/// note, in the order of each customer's orders; what was acknowledged is there, and what was rolled back is not.
func killAndCheck(in folder: String, kills: Int, seed: UInt64) async throws {
  print("\(kills) kills of a shop, seed \(seed)")
  let random = SeededRandomSource(seed: seed)
  var acknowledged: Set<Int> = []
  // How long it takes to open, until one has said so.
  var opening = 0.1
  var (beforeReady, selling) = (0, 0)
  for number in 0..<kills {
    let part = Double(random.next() % 1000) / 1000
    let moment: KilledShop.Moment = number % 3 == 0 ? .opening(part * opening) : .selling(0.05 + part * 0.75)
    let shop = try KilledShop(in: folder, first: number * 1_000_000, at: moment)
    if case .selling = moment {
      selling += 1
      opening = shop.opening ?? opening
    } else if shop.opening == nil {
      beforeReady += 1
    }
    for line in shop.orders {
      guard let number = Int(line) else { throw Problem("the shop has said \(line)") }
      acknowledged.insert(number)
    }
  }
  guard acknowledged.count >= max(1, selling) else {
    throw Problem("\(acknowledged.count) orders were acknowledged in \(selling) lives: that shows nothing")
  }
  let shop = try await Shop(in: folder)
  let before = try await shop.database.read { try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM outbox") ?? 0 }
  try await shop.drain()
  let rows = try await shop.database.read { db in
    try ["orders", "shipments", "notes"].map { table in
      try Row.fetchAll(db, sql: "SELECT number, customer FROM \(table) ORDER BY row")
        .map { row -> (number: Int, customer: Int) in (row[0], row[1]) }
    }
  }
  let orders = Set(rows[0].map(\.number))
  guard acknowledged.isSubset(of: orders) else {
    throw Problem("\(acknowledged.subtracting(orders).count) acknowledged orders are gone")
  }
  guard orders.allSatisfy({ $0 % 7 != 3 }) else { throw Problem("an order that failed is there") }
  for (table, rows) in zip(["orders", "shipments", "notes"], rows) {
    guard rows.count == orders.count, Set(rows.map(\.number)) == orders else {
      throw Problem("there are \(orders.count) orders, and \(rows.count) \(table)")
    }
    for customer in 0..<Shop.customers {
      let numbers = rows.filter { $0.customer == customer }.map(\.number)
      guard numbers == numbers.sorted() else {
        throw Problem("\(table) of customer \(customer) are out of order")
      }
    }
  }
  print(
    """
    \(beforeReady) kills before it was open; \(acknowledged.count) orders were acknowledged; \
    \(orders.count) orders, \(rows[1].count) shipments, \(rows[2].count) notes, one of each, in order; \
    \(before) events were in the outbox after the last kill
    """)
}
