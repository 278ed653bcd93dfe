import GRDB
import Resilience
import ResilienceSQLite

// The code of the page, compiled; a test of the root compares the texts. Nothing here is run.

private struct PlacedOrder: Codable, PersistableRecord {
  var id: Int
  var customer: String
}

private struct OrderPlaced: Codable, Sendable {
  var order: Int

  init(_ order: PlacedOrder) { self.order = order.id }
}

private struct Bill: Codable, PersistableRecord {
  var order: Int

  init(_ placed: OrderPlaced) { order = placed.order }
}

extension EventType where Payload == OrderPlaced {
  fileprivate static var orderPlaced: EventType { EventType("order_placed") }
}

private func outboxPage(_ order: PlacedOrder, _ outbox: SQLiteOutbox, _ database: DatabasePool) async throws {
  try await database.write { db in
    try order.insert(db)
    try outbox.publish(OrderPlaced(order), as: .orderPlaced, subject: order.customer, in: db)
  }
}

private func inboxPage(
  _ event: Event<OrderPlaced>, _ inbox: SQLiteInbox, _ database: DatabasePool
) async throws {
  try await database.write { db in
    try inbox.handleOnce(event, in: db) { try Bill(event.data).insert(db) }
  }
}
