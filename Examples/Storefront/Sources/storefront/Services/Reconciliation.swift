import Foundation
import GRDB
import Resilience
import Synchronization

/// Publishes an order again that something has been awaited of for too long: its events may be lost, as with
/// a broker that has lost its data. Each step on its way was done or is done now, and tells the next one.
final class Reconciliation: Sendable {
  /// What is awaited of every order.
  static let ending = "ending"
  static let clearedCart = "cleared cart"
  static let all = [ending, clearedCart]

  private let database: ServiceDatabase
  private let table: Mutex<AwaitedTable>

  /// - Parameter patience: How long is not too long.
  init(_ database: ServiceDatabase, patience: Duration) {
    self.database = database
    table = Mutex(AwaitedTable(patience: patience))
  }

  /// Publishes those again whose time is up.
  func publishAgain() async throws {
    let awaited = try await database.read { database in
      try String.fetchSet(database, sql: "SELECT DISTINCT order_id FROM awaited")
    }
    let context = CallContext.current
    // Only one task does this: what is worked out for all that is awaited need not be done under the lock.
    var table = table.withLock { $0 }
    let due = table.due(of: awaited, at: context.readClock())
    self.table.withLock { [table] in $0 = table }
    guard !due.isEmpty else { return }
    try await database.write { [orders = database] database in
      for id in due {
        try database.execute(sql: "UPDATE orders SET repeats = repeats + 1 WHERE id = ?", arguments: [id])
        let sql = "SELECT document, repeats FROM orders WHERE id = ?"
        guard let row = try Row.fetchOne(database, sql: sql, arguments: [id]) else { continue }
        // One that cannot be read stays awaited, and holds up no other one.
        let document = Data((row["document"] as String).utf8)
        guard let order = try? JSONDecoder().decode(Order.self, from: document) else { continue }
        try orders.publish(
          order, as: Topic.orderCreated,
          id: "\(id)/\(Topic.orderCreated.name)/again-\(row["repeats"] as Int)", subject: id, in: database,
          context)
      }
    }
    // Once it is written: what could not be is due again at once.
    let now = context.readClock()
    self.table.withLock { $0.notePublished(due, at: now) }
  }
}

extension Reconciliation {
  func snapshot() throws -> ReconciliationSnapshot {
    try database.readNow {
      ReconciliationSnapshot(awaited: try $0.awaitedCount(), repeats: try $0.repeatCount())
    }
  }
}

extension Database {
  func await(_ what: [String], of order: Order) throws {
    for what in what {
      try execute(sql: "INSERT INTO awaited VALUES (?, ?)", arguments: [order.id, what])
    }
  }

  func stopAwaiting(_ what: String, of order: Order) throws {
    try execute(sql: "DELETE FROM awaited WHERE order_id = ? AND what = ?", arguments: [order.id, what])
  }

  func awaitedCount() throws -> Int {
    try Int.fetchOne(self, sql: "SELECT count(DISTINCT order_id) FROM awaited") ?? 0
  }

  func repeatCount() throws -> Int {
    try Int.fetchOne(self, sql: "SELECT sum(repeats) FROM orders WHERE repeats > 0") ?? 0
  }
}
