internal import ResilienceCore

/// One instance's stay in a store: its lease, and whether somebody else has taken its place.
final class StoreTenancy<Store: RegistryStore>: Sendable {
  private let store: Store
  private let instance: ServiceInstance
  private let ttl: Duration
  private let held = Lock<Held?>(nil)

  /// A lease, and whether the record is known to be under it: a write that fails may have been made.
  private struct Held {
    let lease: StoreLease
    var isWritten = false
  }

  init(_ store: Store, _ instance: ServiceInstance, ttl: Duration) {
    self.store = store
    self.instance = instance
    self.ttl = ttl
  }

  /// Takes the place, whoever has it; a compare-and-set, so that what an operator says meanwhile is not lost.
  func register() async throws {
    for _ in 1...Self.grants {
      let lease = try await store.grantLease(ttl: ttl)
      held.withLock { $0 = Held(lease: lease) }
      do {
        guard try await takePlace(under: lease) else { continue }
      } catch {
        // Not in the caller's task, which may be cancelled: the store's client would not even try.
        await Task.immediate(executorPreference: CallContext.current.executor) { [store] in
          try? await store.revoke(lease)
        }.value
        throw error
      }
      return held.withLock { $0 = Held(lease: lease, isWritten: true) }
    }
    throw InvalidSetting(
      field: "ttl", value: "\(ttl)", requirement: "longer than the store takes to grant a lease and to write")
  }

  /// How many leases that run out before anything is written under them are taken for chance.
  private static var grants: Int { 3 }

  /// - Returns: `false` when the lease has ended before.
  private func takePlace(under lease: StoreLease) async throws -> Bool {
    while true {
      let present = try await record()
      let state: InstanceState = present?.state == .outOfService ? .outOfService : .inService
      let written = try await store.write(
        StoreRecord(instance, state: state, leaseID: lease.id),
        if: present.map { .revision($0.revision) } ?? .absent)
      switch written {
      case .done: return true
      case .leaseEnded: return false
      case .conflict: try Task.checkCancellation()
      }
    }
  }

  /// Sends heartbeats until cancelled, or until somebody else has the place.
  func keepAlive() async {
    let clock = CallContext.current.clock
    while let held = held.withLock({ $0 }) {
      // The store says how long: a heartbeat a millisecond is the most.
      let period = max(1_000_000, held.lease.ttl.clampedNanoseconds / 3)
      let now = clock.now
      let next = now.advanced(byNanoseconds: period)
      // At the end of time there is no next heartbeat.
      guard now < next, (try? await clock.sleep(until: next)) != nil else { return }
      guard let lives = try? await store.keepAlive(held.lease), !lives || !held.isWritten else { continue }
      // What fails here is found out by the next heartbeat.
      guard let hasPlace = try? await registerAnew(under: lives ? held.lease : nil) else { continue }
      guard hasPlace else { return self.held.withLock { $0 = nil } }
    }
  }

  /// Says farewell.
  func leave() async {
    guard let lease = held.withLock({ $0?.lease }) else { return }
    if let present = try? await record(), present.leaseID == lease.id {
      var record = present
      record.state = .draining
      _ = try? await store.write(record, if: .revision(present.revision))
    }
    try? await store.revoke(lease)
  }

  /// Registers the instance where there is no record of it.
  ///
  /// - Parameter living: A lease under which it may have been registered, by a write that was not answered.
  /// - Returns: `false` when somebody else has the place.
  private func registerAnew(under living: StoreLease?) async throws -> Bool {
    if let present = try await record() {
      guard let living else { return false }
      guard present.leaseID == living.id else {
        try? await store.revoke(living)
        return false
      }
      held.withLock { $0 = Held(lease: living, isWritten: true) }
      return true
    }
    let lease = if let living { living } else { try await store.grantLease(ttl: ttl) }
    held.withLock { $0 = Held(lease: lease) }
    switch try await store.write(StoreRecord(instance, leaseID: lease.id), if: .absent) {
    case .done: held.withLock { $0 = Held(lease: lease, isWritten: true) }
    case .leaseEnded: break
    case .conflict:
      try? await store.revoke(lease)
      return false
    }
    return true
  }

  private func record() async throws -> StoreRecord? {
    try await store.list(instance.service).records.first { $0.instance.id.isIdentical(to: instance.id) }
  }
}
