import Foundation
import GRDB
import Resilience
import ResilienceSQLite

/// A service's SQLite file: its own tables, and beside them, in the same transactions, the events that it has
/// handled, those that it is to publish, and what it has answered.
final class ServiceDatabase: Sendable {
  /// What was kept for a key is not what is asked for.
  struct UnreadableAnswer: Error {
    var key: String
    var answer: String
  }

  private let queue: DatabaseQueue
  private let inbox = SQLiteInbox()
  private let outbox: SQLiteOutbox

  init(
    path: String, source: String, schema: String,
    onEvent: @escaping @Sendable (SQLiteOutboxEvent) -> Void = { _ in }
  ) throws {
    var configuration = Configuration()
    configuration.journalMode = .wal
    configuration.busyMode = .timeout(5)
    // An order goes through several of them, and waits for each once the broker is back.
    outbox = SQLiteOutbox(
      source: source, backoff: .exponential(base: .milliseconds(100), cap: .seconds(1)), onEvent: onEvent)
    queue = try DatabaseQueue(path: path, configuration: configuration)
    // An answer that was given must outlive a power cut, too. GRDB sets NORMAL when it opens a file in this mode.
    try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA synchronous = FULL") }
    try queue.write { [inbox, outbox] database in
      try inbox.createTable(in: database)
      try outbox.createTable(in: database)
      try database.execute(
        sql: """
          CREATE TABLE IF NOT EXISTS answers (key TEXT PRIMARY KEY, answer TEXT NOT NULL);
          CREATE TABLE IF NOT EXISTS outcomes (
            order_id TEXT NOT NULL, step TEXT NOT NULL, outcome TEXT, PRIMARY KEY (order_id, step));
          """ + schema)
    }
  }

  func read<Value: Sendable>(
    _ body: @escaping @Sendable (Database) throws -> Value
  ) async throws -> Value {
    try await queue.read(body)
  }

  /// The same for callers that are not async: it blocks the thread.
  func readNow<Value>(_ body: (Database) throws -> Value) throws -> Value { try queue.read(body) }

  func write<Value: Sendable>(
    _ body: @escaping @Sendable (Database) throws -> Value
  ) async throws -> Value {
    try await queue.write(body)
  }

  /// Does what an event asks for once, however often it comes.
  func handleOnce<Payload>(
    _ event: Event<Payload>, _ body: @escaping @Sendable (Database) throws -> Void
  ) async throws {
    try await queue.write { [inbox] database in
      try inbox.handleOnce(event, in: database) { try body(database) }
    }
  }

  /// Does what a request asks for once: a repeated one gets the answer of the first.
  ///
  /// - Throws: What `body` throws: then nothing was written, and the key is as new.
  func answerOnce<Answer: Codable & Sendable>(
    _ key: String, _ body: @escaping @Sendable (Database) throws -> Answer
  ) async throws -> Answer {
    try await queue.write { database in
      let sql = "SELECT answer FROM answers WHERE key = ?"
      if let known = try String.fetchOne(database, sql: sql, arguments: [key]) {
        guard let answer = try? JSONDecoder().decode(Answer.self, from: Data(known.utf8)) else {
          throw UnreadableAnswer(key: key, answer: known)
        }
        return answer
      }
      let answer = try body(database)
      let text = String(decoding: try JSONEncoder().encode(answer), as: UTF8.self)
      try database.execute(sql: "INSERT INTO answers VALUES (?, ?)", arguments: [key, text])
      return answer
    }
  }

  /// Has an event published if, and only if, the transaction commits.
  ///
  /// - Parameters:
  ///   - id: Says what happened, so that a second one is the same.
  ///   - context: That of the call, read before the transaction: it has the trace.
  func publish<Payload>(
    _ payload: Payload, as type: EventType<Payload>, id: String, subject: String, in database: Database,
    _ context: CallContext
  ) throws {
    let event = try Event(
      id: id, source: outbox.source, type: type, subject: subject, data: payload, context: context)
    try outbox.publish(event.encoded(context: context), in: database)
  }

  /// Has the first step of an order's way published.
  func publish(
    _ order: Order, as type: EventType<Order>, in database: Database, _ context: CallContext
  ) throws {
    try publish(order, as: type, id: "\(order.id)/\(type.name)", subject: order.id, in: database, context)
  }

  /// Has what follows from a step published: a step that is done a second time, for another reason, goes on as
  /// a second one, too.
  func publish(
    _ type: EventType<Order>, after step: Event<Order>, in database: Database, _ context: CallContext
  ) throws {
    let order = step.data
    let prefix = "\(order.id)/\(step.type)"
    let reason = step.id.hasPrefix(prefix) ? step.id.dropFirst(prefix.count) : ""
    try publish(
      order, as: type, id: "\(order.id)/\(type.name)\(reason)", subject: order.id, in: database, context)
  }

  /// How many events wait for their publication, and how many are set aside, of which a thousand are counted.
  func snapshot() throws -> OutboxSnapshot {
    try queue.read { [outbox] database in
      OutboxSnapshot(
        pending: try outbox.pendingCount(in: database), refused: try outbox.refused(in: database).count)
    }
  }

  /// Publishes what has committed, until it is cancelled.
  func run(publishingTo broker: any EventBroker) async throws {
    try await outbox.run(queue, publishingTo: broker)
  }
}
