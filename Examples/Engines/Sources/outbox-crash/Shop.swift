import Foundation
import GRDB
import Resilience
import ResilienceSQLite

/// A process that sells: an order is a row and an event, its shipment another row and another event, and that is noted.
struct Shop {
  private struct Order: Codable, Sendable {
    let number: Int
    let customer: Int
  }

  private struct PaymentFailed: Error {}

  private static let placed = EventType<Order>("order_placed")
  private static let shipped = EventType<Order>("order_shipped")
  static let customers = 4

  let database: DatabasePool
  private let broker: JournalBroker
  private let bus: EventBus
  private let outbox = SQLiteOutbox(source: "shop")

  init(in folder: String) async throws {
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    database = try DatabasePool(path: folder + "/shop.sqlite")
    broker = try await JournalBroker.open(LocalDirectory(path: folder + "/events"))
    bus = EventBus(source: "shop", broker: broker)
    let (database, outbox, inbox) = (database, outbox, SQLiteInbox())
    try await database.write { db in
      try outbox.createTable(in: db)
      try inbox.createTable(in: db)
      for table in ["orders", "shipments", "notes"] {
        // No row is refused: a second one of an order is to be seen.
        try db.execute(
          sql:
            "CREATE TABLE IF NOT EXISTS \(table) (row INTEGER PRIMARY KEY, number INTEGER, customer INTEGER)")
      }
    }
    try bus.subscribe(
      to: Self.placed, group: "shipping",
      handler: EventHandler("ship") { (event: Event<Order>) in
        try await database.write { db in
          try inbox.handleOnce(event, in: db) {
            try Self.insert(event.data, into: "shipments", db)
            try outbox.publish(event.data, as: Self.shipped, subject: event.subject, in: db)
          }
        }
      })
    try bus.subscribe(
      to: Self.shipped, group: "notes",
      handler: EventHandler("note") { (event: Event<Order>) in
        try await database.write { db in
          try inbox.handleOnce(event, in: db) { try Self.insert(event.data, into: "notes", db) }
        }
      })
  }

  private static func insert(_ order: Order, into table: String, _ db: Database) throws {
    try db.execute(
      sql: "INSERT INTO \(table) (number, customer) VALUES (?, ?)", arguments: [order.number, order.customer])
  }

  /// Sells to each customer, numbers from `first` on, until it is killed; says each order once it is committed. Every
  /// seventh fails after its event was made.
  func sellForever(from first: Int) async throws {
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await bus.run() }
      tasks.addTask { try await outbox.run(database, publishingTo: bus) }
      say("ready")
      for customer in 0..<Self.customers {
        tasks.addTask {
          for number in stride(from: first + customer, to: .max, by: Self.customers) {
            let order = Order(number: number, customer: customer)
            do {
              try await database.write { db in
                try Self.insert(order, into: "orders", db)
                try outbox.publish(order, as: Self.placed, subject: "\(customer)", in: db)
                if number % 7 == 3 { throw PaymentFailed() }
              }
              say("\(number)")
            } catch is PaymentFailed {}
            // Not more than is published and handled meanwhile: the process is to be killed in all of it.
            try await Task.sleep(for: .milliseconds(20))
          }
        }
      }
      try await tasks.waitForAll()
    }
  }

  /// Delivers what is left, and ends; within a minute.
  func drain() async throws {
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { try await bus.run() }
      tasks.addTask { try await outbox.run(database, publishingTo: bus) }
      let end = ContinuousClock.now + .seconds(60)
      while try await !isDrained() {
        guard ContinuousClock.now < end else { throw Problem("what was left is not delivered after 60 s") }
        try await Task.sleep(for: .milliseconds(5))
      }
      tasks.cancelAll()
    }
    try await broker.close()
  }

  /// A shipment's event is kept before its order's is settled, and a published event counts as lag before it is removed
  /// here: in this order nothing is overlooked.
  private func isDrained() async throws -> Bool {
    for _ in 0..<2 {
      guard try await database.read({ try outbox.pendingCount(in: $0) }) == 0 else { return false }
      let groups = broker.snapshot().groups
      guard groups.count == 2, groups.allSatisfy({ $0.lag == 0 }) else { return false }
    }
    return true
  }

  /// In one write, which the end of the process does not tear.
  private func say(_ line: String) {
    FileHandle.standardOutput.write(Data((line + "\n").utf8))
  }
}
