public import ResilienceCore
internal import Synchronization

/// One bulkhead for each key: per tenant, per route, per instance.
///
/// In a bulkhead that several tenants share, the calls of one can take all the room. With one each, made when
/// it is first asked for, they cannot take another's.
///
/// ```swift
/// let perTenant = Bulkheads<Tenant.ID>("reports", policy: BulkheadPolicy(limit: 5, maxWaiting: 5))
///
/// let report = report.bulkhead(perTenant, by: { request in request.tenant })
/// let rows = try await perTenant.run(key: tenant) { try await database.rows(of: tenant) }
/// ```
///
/// A bulkhead that nobody holds (a handler made with it, a call inside or waiting) and that has nothing
/// to remember is forgotten when room is needed: one with a fixed limit at once, one that learns its
/// limit after ``idleTime``. One that was given another policy than the table's stays. The number is
/// bounded: when all are in use, the calls of further keys share one bulkhead of the same policy, rather
/// than that a flood of invented keys pushes the real ones out, takes memory without end or goes
/// unlimited.
public final class Bulkheads<Key: Hashable & Sendable>: Sendable {
  /// Names what is protected, in the names of the bulkheads.
  public let name: String

  /// How long a bulkhead must not have been used for what it has learned to be forgotten.
  public let idleTime: Duration

  @usableFromInline let bulkheads: KeyedObjects<Key, Bulkhead>
  @usableFromInline let overflow: Bulkhead
  let currentPolicy: Lock<BulkheadPolicy>
  let eventQueue: EventQueue<BulkheadEvent>?
  let sharedCalls = Atomic<Int>(0)
  let retired = Lock(BulkheadCounts())

  /// Creates a table without bulkheads.
  ///
  /// - Parameters:
  ///   - name: Names what is protected. The bulkhead of a key is named by it, a slash and the key.
  ///   - policy: The policy of each. Default: as much as its destination can bear, which is learned; nobody
  ///     waits.
  ///   - maxBulkheads: The most bulkheads that are kept at one time, 1 to 10⁹. Default: 100 000, some 65
  ///     megabytes.
  ///   - idleTime: How long a bulkhead must not have been used for what it has learned to be forgotten.
  ///     Default: 10 min, as that of `CircuitBreakers`.
  ///   - onEvent: Is told of the events of all bulkheads, synchronously, after the lock is released. It must
  ///     be quick.
  public init(
    _ name: String, policy: BulkheadPolicy = BulkheadPolicy(), maxBulkheads: Int = 100_000,
    idleTime: Duration = .seconds(600), onEvent: (@Sendable (BulkheadEvent) -> Void)? = nil
  ) {
    precondition(
      (1...1_000_000_000).contains(maxBulkheads),
      "maxBulkheads of \"\(name)\" must be in 1 ... 10⁹, was \(maxBulkheads)")
    self.name = name
    self.idleTime = idleTime
    eventQueue = onEvent.map { EventQueue($0) }
    currentPolicy = Lock(policy)
    bulkheads = KeyedObjects(maxKeys: maxBulkheads)
    overflow = Bulkhead("\(name)/…", policy, eventQueue)
  }

  /// The most bulkheads that are kept at one time.
  public var maxBulkheads: Int { bulkheads.maxKeys }

  /// The policy of each; see ``update(_:)``.
  public var policy: BulkheadPolicy { currentPolicy.withLock { $0 } }

  /// The bulkhead of a key, at the present instant of the current context's clock.
  @inlinable
  public subscript(key: Key) -> Bulkhead {
    bulkheads.find(key) ?? make(key, at: CallContext.current.readClock())
  }

  /// The bulkhead of a key; made, if there is none.
  ///
  /// - Complexity: O(1) on average; now and then a new key looks at all of them, a thousand at a time.
  @inlinable
  public func bulkhead(for key: Key, at now: Instant) -> Bulkhead {
    bulkheads.find(key) ?? make(key, at: now)
  }

  /// Goes on by another policy: those there are and those to come; see
  /// ``Bulkhead/update(_:)-(BulkheadPolicy)``.
  ///
  /// - Complexity: O(n) in the number of bulkheads, a thousand at a time.
  public func update(_ policy: BulkheadPolicy) {
    currentPolicy.withLock { $0 = policy }
    bulkheads.forEach(bringUpToDate)
    bringUpToDate(overflow)
  }

  /// What the table holds.
  ///
  /// - Complexity: O(n) in the number of bulkheads, a thousand at a time.
  public func snapshot() -> BulkheadsSnapshot {
    var (counts, kept, inUse, waiting) = (retired.withLock { $0 }, 0, 0, 0)
    func add(_ bulkhead: Bulkhead) {
      let one = bulkhead.snapshot()
      inUse += one.inUse
      waiting += one.waiting
      counts.add(one)
    }
    bulkheads.forEach { bulkhead in
      kept += 1
      add(bulkhead)
    }
    add(overflow)
    return BulkheadsSnapshot(
      name: name, bulkheads: kept, inUse: inUse, waiting: waiting, waited: counts.waited,
      rejected: counts.rejected, cancelled: counts.cancelled, shared: sharedCalls.load(ordering: .relaxed))
  }
}

// MARK: - Making

extension Bulkheads {
  @usableFromInline
  @inline(never)
  func make(_ key: Key, at now: Instant) -> Bulkhead {
    let before = now.advanced(byNanoseconds: -max(0, idleTime.clampedNanoseconds))
    let policy = policy
    let bulkhead = bulkheads.make(
      key, at: now,
      asNewFrom: { Instant(nanoseconds: $0.storage.isIdle(since: before, policy) ? .min : .max) },
      retire: { bulkhead in
        let last = bulkhead.snapshot()
        retired.withLock { $0.add(last) }
      }
    ) {
      Bulkhead("\(name)/\(key)", policy, eventQueue)
    }
    guard let bulkhead else {
      sharedCalls.wrappingAdd(1, ordering: .relaxed)
      return overflow
    }
    // An update may have looked for it before it was there.
    bringUpToDate(bulkhead)
    return bulkhead
  }

  /// Has a bulkhead go by the present policy, whoever else changes it meanwhile.
  private func bringUpToDate(_ bulkhead: Bulkhead) {
    while case let latest = policy, latest != bulkhead.policy { bulkhead.update(latest) }
  }
}
