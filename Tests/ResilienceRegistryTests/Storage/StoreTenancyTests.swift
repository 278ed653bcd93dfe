import ResilienceCore
import ResilienceTestKit
import Testing

@testable import ResilienceRegistry

/// Between what an instance reads and what it writes an operator takes it out of service.
private final class OperatorInBetween: RegistryStore {
  let store = MemoryRegistryStore()
  private let mayAct = Lock(true)

  func list(_ service: String) async throws -> StoreListing {
    let listing = try await store.list(service)
    let acts = mayAct.withLock { mayAct in
      defer { mayAct = mayAct && listing.records.isEmpty }
      return mayAct && !listing.records.isEmpty
    }
    if acts { try await store.set(.outOfService, of: "a", service: service) }
    return listing
  }

  func grantLease(ttl: Duration) async throws -> StoreLease { try await store.grantLease(ttl: ttl) }
  func keepAlive(_ lease: StoreLease) async throws -> Bool { try await store.keepAlive(lease) }
  func revoke(_ lease: StoreLease) async throws { try await store.revoke(lease) }

  func write(_ record: StoreRecord, if condition: StoreCondition) async throws -> StoreWrite {
    try await store.write(record, if: condition)
  }

  func remove(_ id: String, of service: String, if condition: StoreCondition) async throws -> StoreWrite {
    try await store.remove(id, of: service, if: condition)
  }

  func follow(
    _ service: String, after revision: UInt64,
    _ onChanges: @escaping @Sendable ([StoreChange]) async throws -> Void
  ) async throws {
    try await store.follow(service, after: revision, onChanges)
  }
}

/// Takes two seconds for a write.
private final class SlowToWrite: RegistryStore {
  let store = MemoryRegistryStore()

  func write(_ record: StoreRecord, if condition: StoreCondition) async throws -> StoreWrite {
    try await CallContext.current.clock.sleep(for: .seconds(2))
    return try await store.write(record, if: condition)
  }

  func list(_ service: String) async throws -> StoreListing { try await store.list(service) }
  func grantLease(ttl: Duration) async throws -> StoreLease { try await store.grantLease(ttl: ttl) }
  func keepAlive(_ lease: StoreLease) async throws -> Bool { try await store.keepAlive(lease) }
  func revoke(_ lease: StoreLease) async throws { try await store.revoke(lease) }

  func remove(_ id: String, of service: String, if condition: StoreCondition) async throws -> StoreWrite {
    try await store.remove(id, of: service, if: condition)
  }

  func follow(
    _ service: String, after revision: UInt64,
    _ onChanges: @escaping @Sendable ([StoreChange]) async throws -> Void
  ) async throws {
    try await store.follow(service, after: revision, onChanges)
  }
}

@Suite struct StoreTenancyTests {
  /// A lease that is over before anything is written under it is asked for again, and not for ever.
  @Test func aLeaseThatEndsBeforeTheWriteIsRefused() throws {
    try Simulation(seed: 1).run { sim in
      let store = SlowToWrite()
      let error = await #expect(throws: InvalidSetting.self) {
        try await store.withLease(instance("a"), ttl: .seconds(1)) {}
      }
      #expect(error?.field == "ttl")
      #expect(sim.now == seconds(6))
    }
  }

  @Test func whatAnOperatorSaysWhileAnInstanceRegistersIsNotLost() throws {
    try Simulation(seed: 1).run { _ in
      let store = OperatorInBetween()
      _ = try await store.write(StoreRecord(instance("a")), if: .absent)
      try await store.withLease(instance("a"), ttl: .seconds(9)) {
        let record = try #require(try await store.store.list("inventory").records.first)
        #expect(record.state == .outOfService)
        #expect(record.leaseID != nil, "the instance has taken its place")
      }
    }
  }

  /// The lease ran out while the store could not be reached, and the answer of the write that registers the
  /// instance again is lost: its record is its own.
  @Test func aWriteThatIsMadeAndNotAnsweredEndsNoHeartbeat() throws {
    try Simulation(seed: 1).run { sim in
      let store = UnreachableStore()
      func ids() async throws -> [String] {
        try await store.store.list("inventory").records.map(\.instance.id)
      }
      try await store.withLease(instance("a"), ttl: .seconds(9)) {
        store.set(.cut)
        try await sim.sleep(for: .seconds(10))
        #expect(try await ids() == [])
        store.set(.deaf)
        try await sim.sleep(for: .seconds(4))
        #expect(try await ids() == ["a"])
        store.set(.open)
        for _ in 0..<5 {
          try await sim.sleep(for: .seconds(10))
          #expect(try await ids() == ["a"])
        }
      }
      #expect(try await ids() == [])
    }
  }

  /// Nobody keeps alive what was registered by a write that was not answered.
  @Test func aFirstWriteThatIsNotAnsweredLeavesNothing() throws {
    try Simulation(seed: 1).run { _ in
      let store = UnreachableStore()
      store.set(.deaf)
      await #expect(throws: UnreachableStore.Unreachable.self) {
        try await store.withLease(instance("a"), ttl: .seconds(9)) {}
      }
      let records = try await store.store.list("inventory").records
      #expect(records.isEmpty)
    }
  }

  /// The caller is cancelled as well, for whom a store's client would not even try.
  @Test func aFirstWriteOfACancelledCallerLeavesNothing() throws {
    try Simulation(seed: 1).run { _ in
      let store = UnreachableStore()
      store.set(.deaf)
      let owner = Task.immediate(executorPreference: CallContext.current.executor) {
        withUnsafeCurrentTask { $0?.cancel() }
        try await store.withLease(instance("a"), ttl: .seconds(9)) {}
      }
      await #expect(throws: UnreachableStore.Unreachable.self) { try await owner.value }
      let records = try await store.store.list("inventory").records
      #expect(records.isEmpty)
    }
  }
}
