public import GRDB
public import Resilience

/// Has each event change the database once, however often it is delivered: its id is recorded in the transaction of the
/// change.
///
/// ```swift
/// let inbox = SQLiteInbox()
/// try await database.write { db in try inbox.createTable(in: db) }        // or in a migration
///
/// try bus.subscribe(
///   to: .orderPlaced, group: "billing",
///   handler: EventHandler("bill") { (event: Event<OrderPlaced>) in
///     try await database.write { db in
///       try inbox.handleOnce(event, in: db) {
///         try Bill(event.data).insert(db)
///         try outbox.publish(BillMade(event.data), as: .billMade, subject: event.subject, in: db)
///       }
///     }
///   })
/// ```
///
/// Both or none: when the transaction is rolled back, or the process dies before it commits, the event comes again and
/// is handled. What is not in the database, as a call of a bank, may happen twice.
///
/// The table is bounded: it keeps the latest ``capacity`` ids, of all groups together. An event that is delivered again
/// after so many others is handled again.
public struct SQLiteInbox: Sendable {
  /// How many ids are kept.
  public let capacity: Int

  /// The name of the table.
  public let table: String

  /// Describes an inbox; ``createTable(in:)`` makes its table.
  ///
  /// - Parameters:
  ///   - capacity: How many ids are kept, 1 or more. An id takes some 200 bytes. Default: 100 000, as
  ///     `InboxPolicy`'s.
  ///   - table: The name of the table, of letters, digits and `_`. Default: `inbox`.
  public init(capacity: Int = 100_000, table: String = "inbox") {
    precondition(capacity >= 1, "an inbox's capacity must be 1 or more, was \(capacity)")
    self.capacity = capacity
    self.table = checkedTableName(table)
  }

  /// Makes the table if it is not there yet.
  public func createTable(in db: Database) throws {
    try db.execute(
      sql: """
        CREATE TABLE IF NOT EXISTS \(table) (
          number INTEGER PRIMARY KEY AUTOINCREMENT,
          id BLOB NOT NULL,
          source BLOB NOT NULL,
          type BLOB NOT NULL,
          subscriber BLOB NOT NULL,
          UNIQUE (id, source, type, subscriber)
        );
        """)
  }

  /// Runs `body`, unless the event was handled before.
  ///
  /// - Parameters:
  ///   - event: A delivered event; its group is part of what is recorded.
  ///   - db: A connection inside the transaction.
  ///   - body: The change. When it throws, what it has changed and the record of the event are taken back.
  /// - Throws: ``OutsideTransaction``; what `body` and the database throw.
  public func handleOnce<Payload>(
    _ event: Event<Payload>, in db: Database, _ body: () throws -> Void
  ) throws {
    try handleOnce(InboxKey(event.envelope), in: db, body)
  }

  /// Runs `body`, unless it was run for this key before; for what is no event of a bus.
  ///
  /// - Parameters:
  ///   - key: What it is recorded by.
  ///   - db: A connection inside the transaction.
  ///   - body: The change. When it throws, what it has changed and the record of the key are taken back.
  /// - Throws: ``OutsideTransaction``; what `body` and the database throw.
  public func handleOnce(_ key: InboxKey, in db: Database, _ body: () throws -> Void) throws {
    guard db.isInsideTransaction else { throw OutsideTransaction(what: "the record of \(key)") }
    // Of its own, for a caller that commits although the body has thrown.
    try db.inSavepoint {
      if try record(key, in: db) { try body() }
      return .commit
    }
  }

  /// Whether the event that is recorded by this key was handled, and is remembered.
  public func hasHandled(_ key: InboxKey, in db: Database) throws -> Bool {
    try Bool.fetchOne(
      db,
      sql: """
        SELECT EXISTS (SELECT 1 FROM \(table) WHERE id = ? AND source = ? AND type = ? AND subscriber = ?)
        """,
      arguments: [key.id.blob, key.source.blob, key.type.blob, key.group.blob]) ?? false
  }

  private func record(_ key: InboxKey, in db: Database) throws -> Bool {
    try db.execute(
      sql: "INSERT OR IGNORE INTO \(table) (id, source, type, subscriber) VALUES (?, ?, ?, ?)",
      arguments: [key.id.blob, key.source.blob, key.type.blob, key.group.blob])
    guard db.changesCount > 0 else { return false }
    try db.execute(
      sql: "DELETE FROM \(table) WHERE number <= ?", arguments: [db.lastInsertedRowID - Int64(capacity)])
    return true
  }
}
