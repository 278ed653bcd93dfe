internal import ResilienceCore

/// One instance's stay in a store: its lease, and whether somebody else has taken its place.
final class StoreTenancy<Store: RegistryStore>: Sendable {
  private let store: Store
  private let instance: ServiceInstance
  private let ttl: Duration
  private let held = Lock<StoreLease?>(nil)

  init(_ store: Store, _ instance: ServiceInstance, ttl: Duration) {
    self.store = store
    self.instance = instance
    self.ttl = ttl
  }

  /// Takes the place, whoever has it.
  func register() async throws {
    let lease = try await store.grantLease(ttl: ttl)
    held.withLock { $0 = lease }
    let present = try await record()
    let state: InstanceState = present?.state == .outOfService ? .outOfService : .inService
    _ = try await store.write(StoreRecord(instance, state: state, leaseID: lease.id), if: .always)
  }

  /// Sends heartbeats until cancelled, or until somebody else has the place.
  func keepAlive() async {
    let clock = CallContext.current.clock
    while let lease = held.withLock({ $0 }) {
      let period = max(1, lease.ttl.clampedNanoseconds / 3)
      let now = clock.now
      let next = now.advanced(byNanoseconds: period)
      // At the end of time there is no next heartbeat.
      guard now < next, (try? await clock.sleep(until: next)) != nil else { return }
      guard let lives = try? await store.keepAlive(lease), !lives else { continue }
      guard let mayReturn = try? await isVacant() else { continue }
      guard mayReturn else { return held.withLock { $0 = nil } }
      // What fails here is found out by the next heartbeat.
      try? await registerAnew()
    }
  }

  /// Says farewell.
  func leave() async {
    guard let lease = held.withLock({ $0 }) else { return }
    if let present = try? await record(), present.leaseID == lease.id {
      var record = present
      record.state = .draining
      _ = try? await store.write(record, if: .revision(present.revision))
    }
    try? await store.revoke(lease)
  }

  private func registerAnew() async throws {
    let lease = try await store.grantLease(ttl: ttl)
    let written = try await store.write(StoreRecord(instance, leaseID: lease.id), if: .absent)
    guard case .done = written else { return try await store.revoke(lease) }
    held.withLock { $0 = lease }
  }

  private func isVacant() async throws -> Bool { try await record() == nil }

  private func record() async throws -> StoreRecord? {
    try await store.list(instance.service).records.first { $0.instance.id.isIdentical(to: instance.id) }
  }
}
