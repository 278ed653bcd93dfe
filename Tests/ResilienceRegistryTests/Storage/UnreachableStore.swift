import ResilienceCore

@testable import ResilienceRegistry

/// A store in memory behind a network that can be cut: calls fail, and watches end, or all of it falls
/// silent.
final class UnreachableStore: RegistryStore {
  enum Line {
    case open, cut, silent
    /// Writes are made, and their answers are lost.
    case deaf
  }
  struct Unreachable: Error {}

  let store = MemoryRegistryStore()
  private let line = Lock(Line.open)
  private let watches = Lock<[Waiter]>([])

  func set(_ line: Line) {
    self.line.withLock { $0 = line }
    guard line == .cut else { return }
    let cut = watches.withLock { watches in
      defer { watches = [] }
      return watches
    }
    cut.forEach { $0.grant() }
  }

  private func pass() async throws {
    switch line.withLock({ $0 }) {
    case .open, .deaf: break
    case .cut: throw Unreachable()
    case .silent:
      _ = await Waiter("silence").wait()
      throw CancellationError()
    }
  }

  func grantLease(ttl: Duration) async throws -> StoreLease {
    try await pass()
    return try await store.grantLease(ttl: ttl)
  }

  func keepAlive(_ lease: StoreLease) async throws -> Bool {
    try await pass()
    return try await store.keepAlive(lease)
  }

  func revoke(_ lease: StoreLease) async throws {
    // As a client does over a network.
    try Task.checkCancellation()
    try await pass()
    try await store.revoke(lease)
  }

  func write(_ record: StoreRecord, if condition: StoreCondition) async throws -> StoreWrite {
    try await pass()
    let written = try await store.write(record, if: condition)
    if line.withLock({ $0 == .deaf }) { throw Unreachable() }
    return written
  }

  func remove(_ id: String, of service: String, if condition: StoreCondition) async throws -> StoreWrite {
    try await pass()
    return try await store.remove(id, of: service, if: condition)
  }

  func list(_ service: String) async throws -> StoreListing {
    try await pass()
    return try await store.list(service)
  }

  func follow(
    _ service: String, after revision: UInt64,
    _ onChanges: @escaping @Sendable ([StoreChange]) async throws -> Void
  ) async throws {
    try await pass()
    let cut = Waiter("cut")
    watches.withLock { $0.append(cut) }
    try await withThrowingTaskGroup { group in
      defer { group.cancelAll() }
      group.addTask {
        try await self.store.follow(service, after: revision) { changes in
          try await self.pass()
          try await onChanges(changes)
        }
      }
      group.addTask { if await cut.wait() == .granted { throw Unreachable() } }
      try await group.next()
    }
  }
}
