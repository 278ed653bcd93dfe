import Foundation
import GRDB
import Resilience
import ResilienceSQLite
import Synchronization

struct Order: Codable, Sendable, Hashable {
  let number: Int
}

extension EventType where Payload == Order {
  static var placed: EventType<Order> { EventType("order_placed") }
}

/// A database in a folder that goes with it, with the tables of an outbox, an inbox and orders.
func withDatabase<Result>(
  _ outbox: SQLiteOutbox = SQLiteOutbox(source: "test"), _ inbox: SQLiteInbox = SQLiteInbox(),
  _ body: (DatabasePool) async throws -> Result
) async throws -> Result {
  let folder = FileManager.default.temporaryDirectory.appending(path: "outbox-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  let database = try DatabasePool(path: folder.appending(path: "test.sqlite").path)
  try await database.write { db in
    try outbox.createTable(in: db)
    try inbox.createTable(in: db)
    try db.execute(sql: "CREATE TABLE orders (row INTEGER PRIMARY KEY, number INTEGER)")
  }
  return try await body(database)
}

/// Runs a relay while `body` runs.
func withRelay(
  _ outbox: SQLiteOutbox, _ database: any DatabaseWriter, to broker: any EventBroker,
  _ body: () async throws -> Void
) async throws {
  try await withThrowingTaskGroup(of: Void.self) { tasks in
    // It runs until it is cancelled, as below.
    tasks.addTask { try await outbox.run(database, publishingTo: broker) }
    defer { tasks.cancelAll() }
    try await body()
  }
}

extension DatabaseWriter {
  /// In one transaction for each.
  func place(_ numbers: some Sequence<Int>, _ outbox: SQLiteOutbox) async throws {
    for number in numbers {
      try await write { db in
        try db.execute(sql: "INSERT INTO orders (number) VALUES (?)", arguments: [number])
        try outbox.publish(Order(number: number), as: .placed, subject: "key", in: db)
      }
    }
  }
}

/// Remembers what it stores, and fails as it is told.
final class ScriptedBroker: EventBroker {
  private struct State {
    var stored: [EncodedEvent] = []
    var calls = 0
  }

  private let state = Mutex(State())
  private let failure: @Sendable (_ call: Int, _ events: [EncodedEvent]) -> (any Error)?
  private let isStoredAllTheSame: Bool

  /// - Parameter isStoredAllTheSame: Whether what fails was stored: an answer that was lost.
  init(
    isStoredAllTheSame: Bool = false,
    failure: @escaping @Sendable (_ call: Int, _ events: [EncodedEvent]) -> (any Error)? = { _, _ in nil }
  ) {
    self.failure = failure
    self.isStoredAllTheSame = isStoredAllTheSame
  }

  var stored: [EncodedEvent] { state.withLock { $0.stored } }

  var numbers: [Int] { stored.compactMap { try? $0.event(as: .placed).data.number } }

  func wait(until condition: ([EncodedEvent]) -> Bool) async throws {
    while !condition(stored) { try await Task.sleep(for: .milliseconds(5)) }
  }

  func publish(_ events: [EncodedEvent]) async throws {
    let call = state.withLock { state in
      state.calls += 1
      return state.calls
    }
    let error = failure(call, events)
    if error == nil || isStoredAllTheSame { state.withLock { $0.stored += events } }
    if let error { throw error }
  }

  struct Unused: Error {}

  func join(_ group: BrokerGroup) async throws -> any BrokerConsumer { throw Unused() }
  func removeGroup(_ name: String) async throws -> Bool { throw Unused() }
  func deadLetters(of group: String?, after id: String?, limit: Int) async throws -> [BrokerDeadLetter] { [] }
  func removeDeadLetter(_ id: String) async throws -> Bool { false }
  func redrive(_ id: String, as event: EncodedEvent?) async throws -> Bool { false }
}

struct Down: Error {}

struct Refused: Error, PushbackProviding, CustomStringConvertible {
  var pushback: Pushback { .doNotRetry }
  var description: String { "too large" }
}
