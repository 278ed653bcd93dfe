import Foundation
import GRDB
import Resilience
import ResilienceGRDB
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct GuardedPoolTests {
  /// An actor that owns a database.
  private actor Ledger {
    let database: GuardedPool

    init(_ database: GuardedPool) { self.database = database }

    func book(_ id: Int) async throws {
      try await database.write { try $0.execute(sql: "INSERT INTO entry (id) VALUES (?)", arguments: [id]) }
    }

    func count() async throws -> Int {
      try await database.read { try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM entry") ?? 0 }
    }
  }

  private func withPool(_ body: (DatabasePool) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appending(path: "guarded-\(UUID())")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let pool = try DatabasePool(path: folder.appending(path: "db.sqlite").path())
    try await pool.write { try $0.execute(sql: "CREATE TABLE entry (id INTEGER PRIMARY KEY)") }
    try await body(pool)
    try pool.close()
  }

  /// What the program did wrong is its own: no breaker opens for it, and it is not tried again.
  @Test func aConstraintIsNeutral() async throws {
    try await withPool { pool in
      let database = GuardedPool(
        pool, writes: StandardStackPolicy(circuitBreaker: CircuitBreakerPolicy(consecutiveFailures: 1)))
      let ledger = Ledger(database)
      try await ledger.book(1)
      let runs = Mutex(0)
      for _ in 0..<5 {
        await #expect(throws: DatabaseError.self) {
          try await database.write { db in
            runs.withLock { $0 += 1 }
            try db.execute(sql: "INSERT INTO entry (id) VALUES (1)")
          }
        }
      }
      #expect(runs.withLock { $0 } == 5)
      #expect(database.writes.circuitBreaker.snapshot().state == .closed)
      try await ledger.book(2)
      let count = try await ledger.count()
      #expect(count == 2)
    }
  }

  /// What SQLite was too busy for is tried again, within the budget.
  @Test func aBusyDatabaseIsTriedAgain() async throws {
    try await withPool { pool in
      let database = GuardedPool(pool)
      let runs = Mutex(0)
      let value = try await database.write { _ in
        if runs.withLock({ runs in
          runs += 1
          return runs < 3
        }) {
          throw DatabaseError(resultCode: .SQLITE_BUSY)
        }
        return 7
      }
      #expect(value == 7)
      #expect(runs.withLock { $0 } == 3)
    }
  }

  /// A second process that holds the lock, as a second pool of this one.
  @Test func aLockThatSomebodyElseHoldsIsWaitedFor() async throws {
    try await withPool { pool in
      // Long enough for the lock to be given back in the first wait.
      let retry = RetryPolicy(maxAttempts: 2, backoff: .constant(.milliseconds(500), jitter: .none))
      let database = GuardedPool(pool, writes: StandardStackPolicy(deadline: .seconds(20), retry: retry))
      var configuration = Configuration()
      configuration.allowsUnsafeTransactions = true
      let other = try DatabaseQueue(path: pool.path, configuration: configuration)
      try await other.writeWithoutTransaction { try $0.execute(sql: "BEGIN IMMEDIATE") }
      async let booked: Void = Ledger(database).book(1)
      while database.writes.budget.snapshot().metrics.allSatisfy({
        $0.name != "retry_budget_granted_total" || $0.value == 0
      }) {
        await Task.yield()
      }
      try await other.writeWithoutTransaction { try $0.execute(sql: "COMMIT") }
      try await booked
      let count = try await Ledger(database).count()
      #expect(count == 1)
    }
  }

  /// A disk that fails opens the breaker of writes, and reads go on.
  @Test func aFailingDiskStopsWritesAndNoReads() async throws {
    try await withPool { pool in
      let database = GuardedPool(
        pool, writes: StandardStackPolicy(circuitBreaker: CircuitBreakerPolicy(consecutiveFailures: 2)))
      let runs = Mutex(0)
      for _ in 0..<2 {
        await #expect(throws: DatabaseError.self) {
          try await database.write { _ in
            runs.withLock { $0 += 1 }
            throw DatabaseError(resultCode: .SQLITE_FULL)
          }
        }
      }
      #expect(runs.withLock { $0 } == 2)
      await #expect(throws: CircuitOpen.self) { try await Ledger(database).book(1) }
      let count = try await Ledger(database).count()
      #expect(count == 0)
    }
  }

  /// Who finds the places and the queue full is refused at once.
  @Test func aFloodIsRefusedAtOnce() async throws {
    try await withPool { pool in
      let database = GuardedPool(
        pool, reads: StandardStackPolicy(bulkhead: BulkheadPolicy(limit: .fixed(1), maxWaiting: 0)))
      let release = DispatchSemaphore(value: 0)
      async let held: Void = database.read { _ in
        release.wait()
      }
      while database.reads.bulkhead.snapshot().inUse == 0 { await Task.yield() }
      await #expect(throws: BulkheadFull.self) { try await Ledger(database).count() }
      release.signal()
      try await held
      let count = try await Ledger(database).count()
      #expect(count == 0)
    }
  }
}
