import GRDB
import Resilience
import ResilienceSQLite
import Testing

@Suite(.timeLimit(.minutes(1))) struct SQLiteInboxTests {
  private let inbox = SQLiteInbox(capacity: 3)

  private func key(_ id: String, group: String = "g", type: String = "t", source: String = "s") -> InboxKey {
    InboxKey(group: group, type: type, source: source, id: id)
  }

  /// - Returns: Whether the body was run.
  @discardableResult
  private func handle(_ key: InboxKey, by inbox: SQLiteInbox? = nil, _ database: DatabasePool) async throws
    -> Bool
  {
    let inbox = inbox ?? self.inbox
    return try await database.write { db in
      var isRun = false
      let wasHandled = try inbox.hasHandled(key, in: db)
      try inbox.handleOnce(key, in: db) {
        isRun = true
        try db.execute(sql: "INSERT INTO orders (number) VALUES (1)")
      }
      #expect(wasHandled != isRun)
      return isRun
    }
  }

  private func expect(
    _ key: InboxKey, isFirst: Bool, by inbox: SQLiteInbox? = nil, _ database: DatabasePool
  ) async throws {
    let isRun = try await handle(key, by: inbox, database)
    #expect(isRun == isFirst, "\(key)")
  }

  private func expectOrders(_ count: Int, _ database: DatabasePool) async throws {
    let orders = try await database.read { try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM orders") }
    #expect(orders == count)
  }

  @Test func anEventIsHandledOnce() async throws {
    try await withInbox(inbox) { database in
      try await expect(key("1"), isFirst: true, database)
      try await expect(key("1"), isFirst: false, database)
      try await expectOrders(1, database)
    }
  }

  /// By their bytes: two spellings of one character, and what follows a zero.
  @Test func keysThatDifferAreOthers() async throws {
    let inbox = SQLiteInbox()
    let keys = [
      key("1"), key("1", group: "h"), key("1", type: "u"), key("1", source: "u"), key("caf\u{e9}"),
      key("cafe\u{301}"), key("a\0b"), key("a\0c"), key(""), key("12", source: ""), key("1", source: "2"),
    ]
    try await withInbox(inbox) { database in
      for key in keys {
        try await expect(key, isFirst: true, by: inbox, database)
      }
      for key in keys {
        try await expect(key, isFirst: false, by: inbox, database)
      }
    }
  }

  @Test func whatWasRolledBackIsHandledAgain() async throws {
    struct Failed: Error {}
    try await withInbox(inbox) { database in
      await #expect(throws: Failed.self) {
        try await database.write { db in
          try inbox.handleOnce(key("1"), in: db) {
            try db.execute(sql: "INSERT INTO orders (number) VALUES (1)")
          }
          throw Failed()
        }
      }
      try await expect(key("1"), isFirst: true, database)
      try await expectOrders(1, database)
    }
  }

  /// The transaction commits, without what the body has done.
  @Test func aBodyThatThrowsIsTakenBackAloneAndNotRecorded() async throws {
    struct Failed: Error {}
    try await withInbox(inbox) { database in
      try await database.write { db in
        try db.execute(sql: "INSERT INTO orders (number) VALUES (7)")
        #expect(throws: Failed.self) {
          try inbox.handleOnce(key("1"), in: db) {
            try db.execute(sql: "INSERT INTO orders (number) VALUES (1)")
            throw Failed()
          }
        }
      }
      try await expectOrders(1, database)
      try await expect(key("1"), isFirst: true, database)
    }
  }

  @Test func outsideATransactionNothingIsHandled() async throws {
    try await withInbox(inbox) { database in
      await #expect(throws: OutsideTransaction.self) {
        try await database.writeWithoutTransaction { db in try inbox.handleOnce(key("1"), in: db) {} }
      }
    }
  }

  @Test func theTableKeepsTheLatest() async throws {
    try await withInbox(inbox) { database in
      for id in 1...50 { try await handle(key("\(id)"), database) }
      let kept = try await database.read { try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM inbox") }
      #expect(kept == 3)
      for id in 48...50 { try await expect(key("\(id)"), isFirst: false, database) }
      try await expect(key("47"), isFirst: true, database)
    }
  }

  @Test func aDeliveryOfABusIsRecordedByItsGroup() async throws {
    try await withInbox(inbox) { database in
      let bus = EventBus(source: "test")
      for group in ["a", "b"] {
        try bus.subscribe(
          to: .placed, group: group,
          handler: EventHandler("insert") { (event: Event<Order>) in
            try await database.write { db in
              try inbox.handleOnce(event, in: db) {
                try db.execute(sql: "INSERT INTO orders (number) VALUES (1)")
              }
            }
          })
      }
      try await withThrowingTaskGroup(of: Void.self) { tasks in
        // It runs until it is cancelled, as below.
        tasks.addTask { try await bus.run() }
        let event = try Event(id: "1", source: "test", type: .placed, data: Order(number: 1))
        for _ in 0..<3 { try await bus.publish(event) as Void }
        try await bus.waitUntilIdle()
        tasks.cancelAll()
      }
      try await expectOrders(2, database)
    }
  }
}

private func withInbox(_ inbox: SQLiteInbox, _ body: (DatabasePool) async throws -> Void) async throws {
  try await withDatabase(SQLiteOutbox(source: "test"), inbox, body)
}
