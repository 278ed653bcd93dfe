import Resilience
import ResilienceTestKit
import Synchronization

/// Restarts every instance of a service while clients call it, in the simulator.
///
/// Instances keep themselves in a store. Each client has a registry of its own that follows the store over a
/// network that takes up to 50 ms, and a balanced call with a retry. An instance drains for two seconds
/// before it stops; every 25th says no farewell, so that its lease must run out.
struct RollingRestart {
  var instances: Int
  var clients: Int
  /// How many are restarted at a time.
  var batch: Int
  var seed: UInt64

  struct Report: Sendable, CustomStringConvertible {
    var calls = 0
    var failedCalls = 0
    var failedAttempts = 0
    var restarts = 0
    var minutes = 0.0
    /// From a write to the store until a client lists the instance, over all clients and instances.
    var slowestConvergence = Duration.zero
    /// Batches of changes that clients were told of.
    var deliveries = 0
    /// Changes in these batches.
    var changes = 0
    /// Whole lists that clients read.
    var lists = 0
    var writes = 0
    var heartbeats = 0
    var steps = 0

    var description: String {
      """
      calls                  \(calls)
      failed calls           \(failedCalls)
      failed attempts        \(failedAttempts)
      restarts               \(restarts) in \(minutes) min
      slowest convergence    \(slowestConvergence)
      deliveries to clients  \(deliveries) with \(changes) changes
      lists read by clients  \(lists)
      writes, heartbeats     \(writes), \(heartbeats)
      steps of the simulator \(steps)
      """
    }
  }

  func run() throws -> Report {
    let simulation = Simulation(seed: seed)
    var report = try simulation.run { simulation in
      let fleet = Fleet(simulation)
      await withTaskGroup { group in
        for number in 0..<instances { group.addTask { await fleet.live(number, restartAt: restart(number)) } }
        try? await simulation.sleep(for: .seconds(5))
        for _ in 0..<clients { group.addTask { await fleet.call(until: end) } }
        await group.waitForAll()
      }
      return fleet.report
    }
    report.steps = simulation.stepCount
    return report
  }

  private func restart(_ number: Int) -> Duration { .seconds(20 + 4 * (number / batch)) }

  private var end: Duration { restart(instances - 1) + .seconds(20) }
}

/// The instances, their network and what is counted.
private final class Fleet: Sendable {
  struct Refused: Error {}

  private let simulation: Simulation
  private let store: SlowStore
  private let running = Mutex<[String: Int]>([:])
  private let counted = Mutex(RollingRestart.Report())
  private let written = Mutex<[String: Instant]>([:])
  private let over = Atomic(false)

  init(_ simulation: Simulation) {
    self.simulation = simulation
    store = SlowStore(simulation)
  }

  var report: RollingRestart.Report {
    var report = counted.withLock { $0 }
    store.count(into: &report)
    report.minutes = simulation.now.duration(to: Instant(nanoseconds: 0)) / .seconds(-60)
    return report
  }

  // MARK: - Instances

  func live(_ number: Int, restartAt restart: Duration) async {
    let isSilent = number % 25 == 7
    await serve(number, generation: 1, isSilent: isSilent) {
      try? await self.simulation.sleep(for: restart)
    }
    counted.withLock { $0.restarts += 1 }
    try? await simulation.sleep(for: .seconds(1))
    await serve(number, generation: 2, isSilent: false) {
      while !self.over.load(ordering: .relaxed) { try? await self.simulation.sleep(for: .seconds(1)) }
    }
  }

  private func serve(
    _ number: Int, generation: Int, isSilent: Bool, _ life: @escaping @Sendable () async -> Void
  ) async {
    let address = "\(number)/\(generation)"
    let instance = ServiceInstance(id: "\(number)", service: "stock", address: address)
    running.withLock { $0[address] = 0 }
    written.withLock { $0[address] = simulation.now }
    if isSilent {
      // As `withLease` does, up to the end, which never comes.
      guard let lease = try? await store.grantLease(ttl: .seconds(9)) else { return }
      _ = try? await store.write(StoreRecord(instance, leaseID: lease.id), if: .always)
      let heartbeat = Task.immediate(executorPreference: CallContext.current.executor) {
        while (try? await self.simulation.sleep(for: .seconds(3))) != nil {
          _ = try? await self.store.keepAlive(lease)
        }
      }
      await life()
      heartbeat.cancel()
      await heartbeat.value
      _ = running.withLock { $0.removeValue(forKey: address) }
      return
    }
    try? await store.withLease(instance, ttl: .seconds(9)) {
      await life()
      guard !self.over.load(ordering: .relaxed) else { return }
      _ = try? await self.store.set(.draining, of: instance.id, service: instance.service)
      try? await self.simulation.sleep(for: .seconds(2))
      _ = self.running.withLock { $0.removeValue(forKey: address) }
    }
  }

  private func answer(at address: String) async throws {
    guard running.withLock({ $0[address] }) != nil else { throw Refused() }
    try await simulation.sleep(for: .milliseconds(50))
    // Killed while it worked.
    guard running.withLock({ $0[address] }) != nil else { throw Refused() }
  }

  // MARK: - Clients

  func call(until end: Duration) async {
    let registry = ServiceRegistry { event in
      guard case .registered(let member) = event else { return }
      self.noteConvergence(of: member.instance)
    }
    let replica = RegistryReplica(of: store, in: registry, services: ["stock"])
    let following = Task.immediate(executorPreference: CallContext.current.executor) {
      try await replica.run()
    }
    try? await simulation.sleep(for: .seconds(1))
    let call = registry.service("stock").balanced(.powerOfTwoChoices) { instance in
      ServiceCall(instance.id) { (_: Void) in
        do {
          try await self.answer(at: instance.address)
        } catch {
          self.counted.withLock { $0.failedAttempts += 1 }
          throw error
        }
      }
    }.retry(RetryPolicy(maxAttempts: 3, backoff: .none), budget: nil)
    await withDiscardingTaskGroup { group in
      while simulation.now < Instant(nanoseconds: 0).advanced(by: end) {
        group.addTask {
          self.counted.withLock { $0.calls += 1 }
          do { try await call() } catch { self.counted.withLock { $0.failedCalls += 1 } }
        }
        try? await simulation.sleep(for: .milliseconds(250))
      }
    }
    over.store(true, ordering: .relaxed)
    following.cancel()
    _ = await following.result
  }

  private func noteConvergence(of instance: ServiceInstance) {
    // The first list of a client is no change.
    guard simulation.now > Instant(nanoseconds: 15_000_000_000),
      let start = written.withLock({ $0[instance.address] })
    else { return }
    let took = start.duration(to: simulation.now)
    counted.withLock { $0.slowestConvergence = max($0.slowestConvergence, took) }
  }
}

/// A store behind a network that takes 5 to 50 ms each way, and counts.
private struct SlowStore: RegistryStore {
  private let simulation: Simulation
  private let store = MemoryRegistryStore(historyLimit: 100_000)
  private let counts = Counts()

  private final class Counts: Sendable {
    let report = Mutex(RollingRestart.Report())
  }

  init(_ simulation: Simulation) {
    self.simulation = simulation
  }

  func count(into report: inout RollingRestart.Report) {
    let counted = counts.report.withLock { $0 }
    report.deliveries = counted.deliveries
    report.changes = counted.changes
    report.lists = counted.lists
    report.writes = counted.writes
    report.heartbeats = counted.heartbeats
  }

  private func travel() async throws {
    try await simulation.sleep(for: .milliseconds(5 + Int64(CallContext.current.random() % 46)))
  }

  func grantLease(ttl: Duration) async throws -> StoreLease {
    try await travel()
    return try await store.grantLease(ttl: ttl)
  }

  func keepAlive(_ lease: StoreLease) async throws -> Bool {
    counts.report.withLock { $0.heartbeats += 1 }
    try await travel()
    return try await store.keepAlive(lease)
  }

  func revoke(_ lease: StoreLease) async throws {
    try await travel()
    try await store.revoke(lease)
  }

  func write(_ record: StoreRecord, if condition: StoreCondition) async throws -> StoreWrite {
    counts.report.withLock { $0.writes += 1 }
    try await travel()
    return try await store.write(record, if: condition)
  }

  func remove(_ id: String, of service: String, if condition: StoreCondition) async throws -> StoreWrite {
    try await travel()
    return try await store.remove(id, of: service, if: condition)
  }

  func list(_ service: String) async throws -> StoreListing {
    counts.report.withLock { $0.lists += 1 }
    try await travel()
    return try await store.list(service)
  }

  func follow(
    _ service: String, after revision: UInt64,
    _ onChanges: @escaping @Sendable ([StoreChange]) async throws -> Void
  ) async throws {
    try await store.follow(service, after: revision) { changes in
      counts.report.withLock {
        $0.deliveries += 1
        $0.changes += changes.count
      }
      try await travel()
      try await onChanges(changes)
    }
  }
}
