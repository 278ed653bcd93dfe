import Foundation
import GRDB
import Resilience
import ResilienceSQLite

// What an outbox costs: `outbox-costs`. Prints transactions per second with and without an event in them, and how fast
// a relay publishes.

struct Order: Codable, Sendable {
  let number: Int
  let customer: String
}

let placed = EventType<Order>("order_placed")
let folder = FileManager.default.temporaryDirectory.appending(path: "outbox-costs-\(UUID().uuidString)")
try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
defer { try? FileManager.default.removeItem(at: folder) }

let database = try DatabasePool(path: folder.appending(path: "shop.sqlite").path)
let outbox = SQLiteOutbox(source: "shop")
let inbox = SQLiteInbox()
try database.write { db in
  try outbox.createTable(in: db)
  try inbox.createTable(in: db)
  try db.execute(sql: "CREATE TABLE orders (number INTEGER PRIMARY KEY, customer TEXT)")
}

@MainActor
func measure(_ what: String, _ count: Int, _ body: () async throws -> Void) async throws {
  let start = ContinuousClock.now
  try await body()
  let time = ContinuousClock.now - start
  print("\(what): \(Int(Double(count) / (time / .seconds(1))))/s")
}

@MainActor
func order(_ number: Int, _ change: @escaping @Sendable (Database, Order) throws -> Void) async throws {
  let order = Order(number: number, customer: "customer \(number % 100)")
  try await database.write { db in
    try db.execute(
      sql: "INSERT INTO orders (number, customer) VALUES (?, ?)", arguments: [order.number, order.customer])
    try change(db, order)
  }
}

@MainActor
func relay(_ what: String, _ count: Int, _ run: @escaping @Sendable () async throws -> Void) async throws {
  try await measure("published to \(what)", count) {
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await run() }
      while try await database.read({ try outbox.pendingCount(in: $0) }) > 0 {
        try await Task.sleep(for: .milliseconds(5))
      }
      tasks.cancelAll()
    }
  }
}

let count = 10_000
for round in 1...2 {
  let first = round * 10 * count
  try await measure("orders alone", count) {
    for number in first..<first + count { try await order(number) { _, _ in } }
  }
  try await measure("orders with an event", count) {
    for number in first + count..<first + 2 * count {
      try await order(number) { db, order in
        try outbox.publish(order, as: placed, subject: order.customer, in: db)
      }
    }
  }
  let broker = try await JournalBroker.open(LocalDirectory(path: folder.path + "/events-\(round)"))
  _ = try await broker.join(BrokerGroup("g"))
  try await relay("a journal", count) { [database, outbox] in
    try await outbox.run(database, publishingTo: broker)
  }
  try await measure("orders with a record in an inbox", count) {
    for number in first + 2 * count..<first + 3 * count {
      try await order(number) { db, _ in
        try inbox.handleOnce(InboxKey(group: "g", source: "s", id: "\(number)"), in: db) {}
      }
    }
  }
  for number in first + 3 * count..<first + 3 * count + 1000 {
    try await order(number) { db, order in
      try outbox.publish(order, as: placed, subject: order.customer, in: db)
    }
  }
  let bus = EventBus(source: "shop", broker: broker)
  try await relay("a bus on a journal", 1000) { [database, outbox] in
    try await outbox.run(database, publishingTo: bus)
  }
  try await broker.close()
}
