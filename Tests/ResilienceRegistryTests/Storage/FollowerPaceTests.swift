import ResilienceCore
import ResilienceTestKit
import Testing

@testable import ResilienceRegistry

@Suite struct FollowerPaceTests {
  /// The list can be read, and the watch ends at once, every time.
  @Test(arguments: [false, true])
  func aWatchThatAlwaysFailsIsTriedEverMoreRarely(isCompacted: Bool) throws {
    try Simulation(seed: 1).run { sim in
      let store = StoreWithoutWatch(isCompacted: isCompacted)
      let replica = RegistryReplica(of: store, in: ServiceRegistry(), services: ["inventory"])
      let running = Task.immediate(executorPreference: CallContext.current.executor) {
        try await replica.run()
      }
      try await sim.sleep(for: .seconds(600))
      running.cancel()
      _ = await running.result
      // Thirty pauses of 20 s, shortened by their jitter, and those on the way there.
      #expect(store.listCount <= 120)
      #expect(store.listCount >= 30)
    }
  }
}

/// Its lists take 10 ms, and its watches end at once.
private final class StoreWithoutWatch: RegistryStore {
  private struct Gone: Error {}

  private let store = MemoryRegistryStore()
  private let lists = Lock(0)
  private let isCompacted: Bool

  init(isCompacted: Bool) {
    self.isCompacted = isCompacted
  }

  var listCount: Int { lists.withLock { $0 } }

  func grantLease(ttl: Duration) async throws -> StoreLease { try await store.grantLease(ttl: ttl) }

  func keepAlive(_ lease: StoreLease) async throws -> Bool { try await store.keepAlive(lease) }

  func revoke(_ lease: StoreLease) async throws { try await store.revoke(lease) }

  func write(_ record: StoreRecord, if condition: StoreCondition) async throws -> StoreWrite {
    try await store.write(record, if: condition)
  }

  func remove(_ id: String, of service: String, if condition: StoreCondition) async throws -> StoreWrite {
    try await store.remove(id, of: service, if: condition)
  }

  func list(_ service: String) async throws -> StoreListing {
    lists.withLock { $0 += 1 }
    try await CallContext.current.clock.sleep(for: .milliseconds(10))
    return try await store.list(service)
  }

  func follow(
    _ service: String, after revision: UInt64,
    _ onChanges: @escaping @Sendable ([StoreChange]) async throws -> Void
  ) async throws {
    if isCompacted { throw StoreCompacted(after: revision) }
    throw Gone()
  }
}
