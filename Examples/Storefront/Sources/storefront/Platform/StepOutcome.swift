import GRDB
import Resilience

/// What came of a step of an order's way, which is done once for each order, however many events ask for it.
struct StepOutcome: Sendable {
  /// What follows from it; `nil` for nothing.
  var next: EventType<Order>?
}

extension Database {
  /// What came of a step; `nil` if it was not done for this order.
  func outcome(of order: Order, on step: EventType<Order>) throws -> StepOutcome? {
    try Row.fetchOne(
      self, sql: "SELECT outcome FROM outcomes WHERE order_id = ? AND step = ?",
      arguments: [order.id, step.name]
    ).map { row in StepOutcome(next: (row["outcome"] as String?).map { EventType($0) }) }
  }

  func record(_ outcome: StepOutcome, of order: Order, on step: EventType<Order>) throws {
    try execute(
      sql: "INSERT INTO outcomes VALUES (?, ?, ?)", arguments: [order.id, step.name, outcome.next?.name])
  }
}
