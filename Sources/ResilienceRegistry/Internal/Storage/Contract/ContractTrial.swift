internal import ResilienceCore

/// One try of one promise.
struct ContractTrial: Sendable {
  let name: String
  let store: any RegistryStore
  let service: String
  let ttl: Duration
  var forget: (@Sendable () async throws -> Void)?

  func require(_ condition: Bool, _ detail: @autoclosure () -> String) throws {
    guard condition else { throw ContractViolation(name: name, detail: detail()) }
  }

  func record(_ id: String, leaseID: Int64? = nil, address: String = "") -> StoreRecord {
    StoreRecord(ServiceInstance(id: id, service: service, address: address), leaseID: leaseID)
  }

  /// Writes, and requires that it is done.
  @discardableResult
  func put(_ id: String, leaseID: Int64? = nil, address: String = "") async throws -> UInt64 {
    let written = try await store.write(record(id, leaseID: leaseID, address: address), if: .always)
    guard case .done(let revision) = written else {
      throw ContractViolation(name: name, detail: "a write under no condition came to \(written)")
    }
    return revision
  }

  func ids() async throws -> [String] {
    try await store.list(service).records.map(\.instance.id).sorted { $0.isOrdered(before: $1) }
  }

  func requireIDs(_ expected: [String], _ moment: String) async throws {
    let ids = try await ids()
    try require(
      ids.elementsEqual(expected) { $0.isIdentical(to: $1) }, "\(moment), \(ids) are listed, not \(expected)")
  }

  /// Collects what follows `revision` until `count` changes have come, or `limit` is over.
  func changes(after revision: UInt64, count: Int, limit: Duration = .seconds(10)) async throws
    -> [StoreChange]
  {
    let seen = SeenChanges(enough: count)
    try await withThrowingTaskGroup { group in
      defer { group.cancelAll() }
      // Following does not end by itself: the limit does, or enough changes.
      group.addTask { try await seen.follow(store, service, after: revision) }
      group.addTask { try await CallContext.current.clock.sleep(for: limit) }
      try await group.next()
    }
    return seen.changes
  }
}

/// The changes that a watch has told.
private final class SeenChanges: Sendable {
  private struct Enough: Error {}

  private let enough: Int
  private let list = Lock<[StoreChange]>([])

  init(enough: Int) {
    self.enough = enough
  }

  var changes: [StoreChange] { list.withLock { $0 } }

  func follow(_ store: any RegistryStore, _ service: String, after revision: UInt64) async throws {
    do {
      try await store.follow(service, after: revision) { changes in
        if self.add(changes) >= self.enough { throw Enough() }
      }
    } catch is Enough {}
  }

  private func add(_ changes: [StoreChange]) -> Int {
    list.withLock { list in
      list += changes
      return list.count
    }
  }
}
