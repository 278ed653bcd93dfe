import Foundation
import GRDB

/// A service's SQLite file: its own tables, and what was answered for each key, in one transaction.
///
/// What has a key is done once: a repeated request, or an event that comes again after a crash, gets the answer
/// of the first.
final class ServiceDatabase: Sendable {
  /// What a step writes with.
  typealias Transaction = Database

  private let queue: DatabaseQueue

  init(path: String, schema: String) throws {
    var configuration = Configuration()
    configuration.journalMode = .wal
    configuration.busyMode = .timeout(5)
    // An answer that was given must outlive a power cut, too.
    configuration.prepareDatabase { try $0.execute(sql: "PRAGMA synchronous = FULL") }
    queue = try DatabaseQueue(path: path, configuration: configuration)
    try queue.write { database in
      try database.execute(
        sql: """
          CREATE TABLE IF NOT EXISTS once (key TEXT PRIMARY KEY, answer TEXT NOT NULL);
          CREATE TABLE IF NOT EXISTS closed (order_id TEXT PRIMARY KEY);
          """ + schema)
    }
  }

  /// Does `work` unless it was done for this key, and returns its answer, or the one of that time.
  ///
  /// - Throws: What `work` throws: then nothing was written, and the key is as new.
  func once<Answer: Codable & Sendable>(
    _ key: String, _ work: @escaping @Sendable (Transaction) throws -> Answer
  ) async throws -> Answer {
    try await queue.write { database in
      if let known = try String.fetchOne(
        database, sql: "SELECT answer FROM once WHERE key = ?", arguments: [key])
      {
        return try JSONDecoder().decode([Answer].self, from: Data(known.utf8))[0]
      }
      let answer = try work(database)
      // In an array: an optional by itself is no document.
      let text = String(decoding: try JSONEncoder().encode([answer]), as: UTF8.self)
      try database.execute(sql: "INSERT INTO once VALUES (?, ?)", arguments: [key, text])
      return answer
    }
  }

  func write<Value: Sendable>(_ body: @escaping @Sendable (Transaction) throws -> Value) async throws -> Value
  {
    try await queue.write(body)
  }

  func read<Value: Sendable>(_ body: @escaping @Sendable (Transaction) throws -> Value) async throws -> Value
  {
    try await queue.read(body)
  }
}

extension Database {
  /// Whether the order was cancelled: then nothing begins for it any more.
  func isClosed(_ order: Order) throws -> Bool {
    try Bool.fetchOne(
      self, sql: "SELECT EXISTS (SELECT * FROM closed WHERE order_id = ?)", arguments: [order.id])
      ?? false
  }

  func close(_ order: Order) throws {
    try execute(sql: "INSERT OR IGNORE INTO closed VALUES (?)", arguments: [order.id])
  }
}
