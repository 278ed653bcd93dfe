public import GRDB
public import Resilience

/// A `DatabasePool` behind two stacks: one for reads, one for writes, each with a bulkhead, a breaker, a
/// deadline, and retries of what SQLite was too busy for.
///
/// ```swift
/// actor Ledger {
///   let database: GuardedPool
///
///   func book(_ entry: Entry) async throws {
///     try await database.write { db in try entry.insert(db) }
///   }
/// }
/// ```
///
/// A pool hands out its connections without a bound on who waits for one: under a flood everybody waits, and
/// times out. Here as many wait as are served at one time, and the others are refused at once. Writes have
/// stacks of their own: a full disk stops those, and no reads.
///
/// A time limit cancels the task, and GRDB interrupts the statement and rolls back.
public final class GuardedPool: Sendable {
  /// The pool.
  public let pool: DatabasePool

  /// What stands before reads, named `database.reads`: its breaker, its counts.
  public let reads: StandardStack

  /// What stands before writes, named `database.writes`.
  public let writes: StandardStack

  private let reading: StandardStackHandler<ClassifiedHandler<ServiceCall<Work, any Sendable>>>
  private let writing: StandardStackHandler<ClassifiedHandler<ServiceCall<Work, any Sendable>>>

  private struct Work: Sendable {
    let body: @Sendable (Database) throws -> any Sendable
  }

  /// Guards a pool.
  ///
  /// - Parameters:
  ///   - pool: The pool.
  ///   - name: Names the database, in errors, events and metrics. Default: `database`.
  ///   - reads: What stands before reads. Default: as many at one time as the pool has readers, as many may
  ///     wait; 3 s, and 1 s for an attempt.
  ///   - writes: What stands before writes. Default: one at a time, as SQLite has it, and 100 may wait; the
  ///     same times.
  public init(
    _ pool: DatabasePool, name: String = "database", reads: StandardStackPolicy? = nil,
    writes: StandardStackPolicy? = nil
  ) {
    self.pool = pool
    let readers = pool.configuration.maximumReaderCount
    self.reads = StandardStack(
      "\(name).reads", policy: reads ?? Self.policy(limit: readers, waiting: readers))
    self.writes = StandardStack("\(name).writes", policy: writes ?? Self.policy(limit: 1, waiting: 100))
    reading = ServiceCall("\(name).read") { (work: Work) in try await pool.read { try work.body($0) } }
      .classifyingDatabase().standardStack(self.reads)
    writing = ServiceCall("\(name).write") { (work: Work) in try await pool.write { try work.body($0) } }
      .classifyingDatabase().standardStack(self.writes)
  }

  private static func policy(limit: Int, waiting: Int) -> StandardStackPolicy {
    StandardStackPolicy(
      retry: RetryPolicy(maxAttempts: 3, backoff: .exponential(base: .milliseconds(10))),
      bulkhead: BulkheadPolicy(limit: .fixed(limit), maxWaiting: waiting))
  }

  /// Reads, in a transaction of its own.
  ///
  /// - Throws: `BulkheadFull`, `CircuitOpen`, `DeadlineExceeded`; else what `body` and the database throw.
  public func read<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws
    -> Value
  {
    try await Self.value(reading(Work(body: body)))
  }

  /// Writes, in a transaction of its own, which is rolled back when `body` throws. It may be run more than
  /// once.
  ///
  /// - Throws: As ``read(_:)``.
  public func write<Value: Sendable>(_ body: @escaping @Sendable (Database) throws -> Value) async throws
    -> Value
  {
    try await Self.value(writing(Work(body: body)))
  }

  private static func value<Value>(_ result: any Sendable) -> Value {
    guard let value = result as? Value else {
      preconditionFailure("a transaction returned a \(type(of: result))")
    }
    return value
  }
}
