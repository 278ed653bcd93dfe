internal import ResilienceCore

/// A store in memory: for tests, and for systems that are simulated in one process.
///
/// It takes its time from the calls' context, so that leases run out under virtual time.
public final class MemoryRegistryStore: RegistryStore {
  private struct State {
    var table: StoreTable
    var watchers: [Identifier: Watchers] = [:]
  }

  private let state: Lock<State>

  /// Creates an empty store.
  ///
  /// - Parameter historyLimit: How many changes are remembered for whoever follows, 1 or more. Default: 10
  ///   000, about as many as all instances of a large service make in a rolling restart.
  public init(historyLimit: Int = 10_000) {
    precondition(historyLimit >= 1, "a store's history limit must be 1 or more, was \(historyLimit)")
    state = Lock(State(table: StoreTable(historyLimit: historyLimit)))
  }

  /// Grants a lease; with a time-to-live of 0 or less it has ended already.
  public func grantLease(ttl: Duration) async throws -> StoreLease {
    change { table, now in table.grant(ttl: ttl, at: now) }
  }

  /// Extends a lease.
  public func keepAlive(_ lease: StoreLease) async throws -> Bool {
    change { table, now in table.keepAlive(lease.id, at: now) }
  }

  /// Ends a lease, and removes every record under it.
  public func revoke(_ lease: StoreLease) async throws {
    change { table, _ in table.revoke(lease.id) }
  }

  /// Writes a record, if the condition holds.
  public func write(_ record: StoreRecord, if condition: StoreCondition) async throws -> StoreWrite {
    change { table, _ in table.write(record, if: condition) }
  }

  /// Removes a record, if the condition holds.
  public func remove(_ id: String, of service: String, if condition: StoreCondition) async throws
    -> StoreWrite
  {
    change { table, _ in table.remove(id, of: service, if: condition) }
  }

  /// All records of a service, in the order of their ids.
  public func list(_ service: String) async throws -> StoreListing {
    change { table, _ in table.list(service) }
  }

  /// Hands the changes over as they come.
  public func follow(
    _ service: String, after revision: UInt64,
    _ onChanges: @escaping @Sendable ([StoreChange]) async throws -> Void
  ) async throws {
    let clock = CallContext.current.clock
    var revision = revision
    while true {
      try Task.checkCancellation()
      let waiter = Waiter("MemoryRegistryStore.follow")
      change { _, _ in }
      let (changes, place): ([StoreChange]?, Watchers.Place?) = state.withLock { state in
        let changes = state.table.changes(of: service, after: revision)
        guard changes?.isEmpty == true else { return (changes, nil) }
        let place = state.watchers[Identifier(service), default: Watchers()]
          .add(waiter, timerAt: state.table.earliestExpiry)
        return ([], place)
      }
      guard let changes else { throw StoreCompacted(after: revision) }
      if let place {
        await waiter.wait(until: place.timerAt, on: clock)
        leave(place, of: service)
      } else {
        revision = changes.last?.revision ?? revision
        try await onChanges(changes)
      }
    }
  }

  private func leave(_ place: Watchers.Place, of service: String) {
    let woken: Watchers.Woken = state.withLock { state in
      let woken = state.watchers[Identifier(service)]?.remove(place) ?? .nobody
      if state.watchers[Identifier(service)]?.count == 0 { state.watchers[Identifier(service)] = nil }
      return woken
    }
    woken.grant()
  }

  /// Ends the leases that are over, does `body`, and wakes whoever follows a service that has changed.
  private func change<Answer: Sendable>(_ body: (inout StoreTable, Instant) -> Answer) -> Answer {
    let now = CallContext.current.readClock()
    let (answer, woken): (Answer, [Watchers.Woken]) = state.withLock { state in
      let expiry = state.table.earliestExpiry
      state.table.expire(at: now)
      let answer = body(&state.table, now)
      let changed = state.table.takeChanged().sorted { $0.text.isOrdered(before: $1.text) }
      var woken = changed.compactMap { state.watchers[$0]?.takeAll() }
      if state.table.earliestExpiry < expiry {
        woken += state.watchers.keys.sorted { $0.text.isOrdered(before: $1.text) }
          .compactMap { state.watchers[$0]?.takeLookout() }
      }
      return (answer, woken)
    }
    woken.forEach { $0.grant() }
    return answer
  }
}
