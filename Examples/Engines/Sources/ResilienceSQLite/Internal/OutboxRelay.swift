internal import Foundation
internal import GRDB
internal import Resilience
internal import Synchronization

/// Publishes what an outbox keeps, in order.
struct OutboxRelay: Sendable {
  /// An event that waits.
  struct Pending: Sendable {
    let number: Int64
    let json: [UInt8]
  }

  private static let batch = 100

  private let outbox: SQLiteOutbox
  private let database: any DatabaseWriter
  private let publishOne: @Sendable (EncodedEvent) async throws -> Void
  /// `nil` where events are published one by one.
  private let publishAll: (@Sendable ([EncodedEvent]) async throws -> Void)?

  init(
    _ outbox: SQLiteOutbox, _ database: any DatabaseWriter,
    publishOne: @escaping @Sendable (EncodedEvent) async throws -> Void
  ) {
    self.outbox = outbox
    self.database = database
    self.publishOne = publishOne
    publishAll = nil
  }

  init(_ outbox: SQLiteOutbox, _ database: any DatabaseWriter, broker: any EventBroker) {
    self.outbox = outbox
    self.database = database
    publishOne = { try await broker.publish([$0]) }
    publishAll = { try await broker.publish($0) }
  }

  func run() async throws {
    var lock: StorageLock?
    defer { lock?.release() }
    var failures = 0
    while !Task.isCancelled {
      do {
        if lock == nil { lock = try await takeLock() }
        try await goOn()
        failures = 0
      } catch let error as StorageError where error.isLocked {
        try? await CallContext.current.clock.sleep(for: outbox.pollInterval)
      } catch {
        guard !Task.isCancelled else { break }
        note(.failed(error: "\(error)"))
        failures = min(failures + 1, 64)
        let delay = outbox.backoff.delay(retry: failures, seed: CallContext.current.random())
        try? await CallContext.current.clock.sleep(for: delay)
      }
    }
    throw CancellationError()
  }

  /// - Returns: A lock of nothing for a database in memory: no other process has that.
  private func takeLock() async throws -> StorageLock {
    let path = database.path
    guard !path.isEmpty, path != ":memory:", !path.hasPrefix("file:") else { return StorageLock {} }
    return try await LocalDirectory(path: "\(path)-\(outbox.table)").lock()
  }

  private func goOn() async throws {
    let waiting = try await database.read { [outbox] in try outbox.pending(in: $0, limit: Self.batch) }
    if waiting.isEmpty { await waitForMore() } else { try await publish(waiting) }
  }

  private func note(_ kind: SQLiteOutboxEvent.Kind) {
    outbox.onEvent(SQLiteOutboxEvent(kind: kind, table: outbox.table))
  }

  private func waitForMore() async {
    await withTaskGroup { tasks in
      // Whichever comes first; neither throws.
      tasks.addTask { [outbox] in await outbox.committed.wait() }
      tasks.addTask { [outbox] in try? await CallContext.current.clock.sleep(for: outbox.pollInterval) }
      await tasks.next()
      tasks.cancelAll()
    }
  }

  // MARK: - Publishing

  private func publish(_ waiting: [Pending]) async throws {
    var events: [(number: Int64, event: EncodedEvent)] = []
    for one in waiting {
      do {
        events.append((one.number, try EncodedEvent(json: one.json)))
      } catch {
        // What is behind it waits until it is set aside, and what is before it goes first.
        if events.isEmpty { return try await refuse(one.number, error) }
        break
      }
    }
    if let publishAll, events.count > 1 {
      do {
        try await within(outbox.timeout) { [events] in try await publishAll(events.map(\.event)) }
        return try await remove(events.map(\.number))
      } catch  where Self.isForGood(error) {
        // One of them, or all together: each by itself tells.
      }
    }
    try await publishOneByOne(events)
  }

  private func publishOneByOne(_ events: [(number: Int64, event: EncodedEvent)]) async throws {
    let published = Mutex<[Int64]>([])
    do {
      try await within(outbox.timeout) { [publishOne] in
        for (number, event) in events {
          do {
            try await publishOne(event)
          } catch  where Self.isForGood(error) {
            throw Refused(number: number, error: error)
          }
          published.withLock { $0.append(number) }
        }
      }
    } catch let refused as Refused {
      try await remove(published.withLock { $0 })
      return try await refuse(refused.number, refused.error)
    } catch {
      try await remove(published.withLock { $0 })
      throw error
    }
    try await remove(published.withLock { $0 })
  }

  private struct Refused: Error {
    let number: Int64
    let error: any Error
  }

  private static func isForGood(_ error: any Error) -> Bool {
    error is JournalAppendTooLarge || (error as? any PushbackProviding)?.pushback.doNotRetry == true
  }

  private func within(_ limit: Duration, _ body: @escaping @Sendable () async throws -> Void) async throws {
    let call = ServiceCall("outbox: \(outbox.table)") { (_: Void) in try await body() }
    try await call.timeout(limit)(())
  }

  // MARK: - What has been published

  /// Also when the relay is cancelled: what was published must not be once more for that.
  private func remove(_ numbers: [Int64]) async throws {
    guard !numbers.isEmpty else { return }
    try await shielded { [database, outbox] in
      try await database.write { db in
        let delete = try db.cachedStatement(sql: "DELETE FROM \(outbox.table) WHERE number = ?")
        for number in numbers { try delete.execute(arguments: [number]) }
      }
    }
  }

  private func refuse(_ number: Int64, _ error: any Error) async throws {
    let text = String("\(error)".prefix(1000))
    try await shielded { [database, outbox] in
      try await database.write { db in
        try db.execute(
          sql: "UPDATE \(outbox.table) SET refusal = ? WHERE number = ?", arguments: [text.blob, number])
      }
    }
    note(.refused(number: number, error: text))
  }
}

extension SQLiteOutbox {
  /// The oldest.
  func pending(in db: Database, limit: Int) throws -> [OutboxRelay.Pending] {
    try Row.fetchAll(
      db, sql: "SELECT number, event FROM \(table) WHERE refusal IS NULL ORDER BY number LIMIT ?",
      arguments: [limit]
    ).map { OutboxRelay.Pending(number: $0[0], json: $0.bytes(1) ?? []) }
  }
}

extension StorageError {
  fileprivate var isLocked: Bool {
    if case .locked = reason { true } else { false }
  }
}

/// Goes on when the caller's task is cancelled.
private func shielded<Result: Sendable>(
  _ body: @escaping @Sendable () async throws -> Result
) async throws -> Result {
  try await Task.immediate(executorPreference: CallContext.current.executor) { try await body() }.value
}
