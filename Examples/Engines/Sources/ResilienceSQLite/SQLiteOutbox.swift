public import GRDB
public import Resilience

/// Events that are published if, and only if, the transaction that made them commits: they are kept in a table of the
/// application's database, and a relay publishes what is there.
///
/// ```swift
/// let outbox = SQLiteOutbox(source: "shop")
/// try await database.write { db in try outbox.createTable(in: db) }      // or in a migration
///
/// try await database.write { db in
///   try order.insert(db)
///   try outbox.publish(OrderPlaced(order), as: .orderPlaced, subject: order.customer, in: db)
/// }
///
/// try await outbox.run(database, publishingTo: bus)                       // beside the server, until it is cancelled
/// ```
///
/// **At least once**: what has committed is published, also after a crash; a crash between the publication and its note
/// in the table publishes it again, with the same id, which a ``SQLiteInbox`` or an `Inbox` drops.
///
/// **Order**: events are published in the order in which their transactions committed, one batch after the other. What
/// fails is tried again, and holds up what is behind it; what the bus or the broker refuses for good (an error whose
/// pushback is `doNotRetry`, such as `InvalidEvent`, or a `JournalAppendTooLarge`) is set aside with the reason, and the
/// others go on: see ``refused(in:)``.
public final class SQLiteOutbox: Sendable {
  /// The CloudEvents attribute `source` of what is published here.
  public let source: String

  /// The name of the table.
  public let table: String

  /// After how long at the latest the relay looks for events of other processes.
  public let pollInterval: Duration

  /// How long the publication of a batch may take.
  public let timeout: Duration

  /// How long the relay waits after a publication that failed.
  public let backoff: Backoff

  let onEvent: @Sendable (SQLiteOutboxEvent) -> Void
  /// Something was committed in this process.
  let committed = Signal()

  /// Describes an outbox; ``createTable(in:)`` makes its table.
  ///
  /// - Parameters:
  ///   - source: Who publishes here, as a URI reference; not empty.
  ///   - table: The name of the table, of letters, digits and `_`. Default: `outbox`.
  ///   - pollInterval: After how long at the latest the relay looks for events that other processes have written; of
  ///     this process's it is told at once. Less than 1 ms counts as that. Default: 1 s.
  ///   - timeout: How long the publication of a batch may take; less than 1 ms counts as that. Default: 30 s.
  ///   - backoff: How long the relay waits after a publication that failed: when a broker is back, events come up
  ///     to its longest delay later. Default: 0.1 s, twice as long each time up to 10 s, with full jitter.
  ///   - onEvent: Is told when a publication fails, and when an event is set aside; must not block. Default: nobody.
  public init(
    source: String, table: String = "outbox", pollInterval: Duration = .seconds(1),
    timeout: Duration = .seconds(30),
    backoff: Backoff = .exponential(base: .milliseconds(100), cap: .seconds(10)),
    onEvent: @escaping @Sendable (SQLiteOutboxEvent) -> Void = { _ in }
  ) {
    precondition(!source.isEmpty, "an outbox's source must not be empty")
    self.source = source
    self.table = checkedTableName(table)
    self.pollInterval = max(pollInterval, .milliseconds(1))
    self.timeout = max(timeout, .milliseconds(1))
    self.backoff = backoff
    self.onEvent = onEvent
  }

  /// Makes the table if it is not there yet.
  public func createTable(in db: Database) throws {
    try db.execute(
      sql: """
        CREATE TABLE IF NOT EXISTS \(table) (
          number INTEGER PRIMARY KEY AUTOINCREMENT,
          event BLOB NOT NULL, -- its CloudEvents JSON
          refusal TEXT         -- why it is set aside
        );
        CREATE INDEX IF NOT EXISTS \(table)_pending ON \(table)(number) WHERE refusal IS NULL;
        """)
  }

  // MARK: - Publishing

  /// Keeps an event until the transaction has committed and the relay has published it.
  ///
  /// - Parameters:
  ///   - data: The payload.
  ///   - type: What happened.
  ///   - subject: The ordering key; not empty. Default: none.
  ///   - db: A connection inside the transaction.
  ///   - context: Where clock, trace and the randomness for the id come from. In the closure of an asynchronous `write`
  ///     the enclosing call's is not known: take `CallContext.current` before it, if the trace is to go on. Default:
  ///     the current one.
  /// - Throws: ``OutsideTransaction``; `InvalidEvent`; `NoEventCoding`; what the coding and the database throw.
  public func publish<Payload>(
    _ data: Payload, as type: EventType<Payload>, subject: String? = nil, in db: Database,
    context: CallContext = .current
  ) throws {
    let event = try Event(source: source, type: type, subject: subject, data: data, context: context)
      .encoded(context: context)
    try publish(event, in: db)
  }

  /// Keeps an event as it is until the transaction has committed and the relay has published it.
  ///
  /// One with a `notBefore` is published at once, and delivered then.
  ///
  /// - Parameters:
  ///   - event: The event.
  ///   - db: A connection inside the transaction.
  /// - Throws: ``OutsideTransaction``; what the database throws.
  public func publish(_ event: EncodedEvent, in db: Database) throws {
    guard db.isInsideTransaction else { throw OutsideTransaction(what: "the event \(event)") }
    try db.execute(sql: "INSERT INTO \(table) (event) VALUES (?)", arguments: [event.json().blob])
    db.afterNextTransaction { [committed] _ in committed.set() }
  }

  // MARK: - What is kept

  /// How many events wait for their publication; without those that are set aside.
  public func pendingCount(in db: Database) throws -> Int {
    try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM \(table) WHERE refusal IS NULL") ?? 0
  }

  /// The events that are set aside, oldest first, the first thousand.
  public func refused(in db: Database) throws -> [RefusedEvent] {
    try Row.fetchAll(
      db,
      sql: "SELECT number, event, refusal FROM \(table) WHERE refusal IS NOT NULL ORDER BY number LIMIT 1000"
    ).map { row in
      RefusedEvent(number: row[0], json: row.bytes(1) ?? [], reason: row.text(2) ?? "")
    }
  }

  /// Has the relay publish again what is set aside, before all that came later.
  ///
  /// - Returns: How many events.
  @discardableResult
  public func retryRefused(in db: Database) throws -> Int {
    try db.execute(sql: "UPDATE \(table) SET refusal = NULL WHERE refusal IS NOT NULL")
    db.afterNextTransaction { [committed] _ in committed.set() }
    return db.changesCount
  }

  /// Removes an event that is set aside: it has been dealt with.
  ///
  /// - Returns: Whether it was there.
  @discardableResult
  public func removeRefused(_ number: Int64, in db: Database) throws -> Bool {
    try db.execute(
      sql: "DELETE FROM \(table) WHERE number = ? AND refusal IS NOT NULL", arguments: [number])
    return db.changesCount > 0
  }
}
