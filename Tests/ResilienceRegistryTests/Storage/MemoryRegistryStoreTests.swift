import ResilienceCore
import ResilienceTestKit
import Testing

@testable import ResilienceRegistry

@Suite struct MemoryRegistryStoreTests {
  @Test(arguments: RegistryStoreContract.cases)
  func theStoreInMemoryKeepsItsPromises(promise: RegistryStoreContract.Case) throws {
    for seed in 0..<10 as Range<UInt64> {
      try Simulation(seed: seed).run { _ in
        let store = MemoryRegistryStore(historyLimit: 60)
        try await promise.run(store) { try await store.forget(60) }
      }
    }
  }

  @Test func whatIsForgottenMustBeReadAnew() throws {
    try Simulation(seed: 1).run { _ in
      let store = MemoryRegistryStore(historyLimit: 10)
      for number in 0..<100 {
        _ = try await store.write(StoreRecord(instance("\(number % 3)")), if: .always)
      }
      await #expect(throws: StoreCompacted(after: 20)) {
        try await store.follow("inventory", after: 20) { _ in Issue.record("it told something") }
      }
      let last = ContractTrial(
        name: "", store: store, service: "inventory", ttl: .seconds(2))
      #expect(try await last.changes(after: 97, count: 3).map(\.revision) == [98, 99, 100])
    }
  }

  @Test func leasesThatComeAndGoLeaveNothing() {
    var table = StoreTable(historyLimit: 100)
    for second in 0..<1000 as Range<Int64> {
      table.expire(at: seconds(second))
      let lease = table.grant(ttl: .seconds(10), at: seconds(second))
      _ = table.write(StoreRecord(instance("\(second)"), leaseID: lease.id), if: .absent)
      let lives = table.keepAlive(lease.id, at: seconds(second))
      #expect(lives)
    }
    #expect(table.list("inventory").records.count == 10)
    table.expire(at: seconds(2000))
    #expect(table.list("inventory").records.isEmpty)
    #expect(table.list("inventory").revision == 2000)
    #expect(table.earliestExpiry == Deadline.never.instant)
  }
}

/// The contract itself can fail: stores that break one promise each.
@Suite struct RegistryStoreContractTests {
  private struct Broken: RegistryStore {
    enum Fault: CaseIterable {
      case ignoresConditions, forgetsLeases, repeatsChanges, losesChanges, conflatesNames, keepsRevoked
      case skipsForgotten
    }

    let fault: Fault
    let store = MemoryRegistryStore(historyLimit: 60)

    func grantLease(ttl: Duration) async throws -> StoreLease {
      let lease = try await store.grantLease(ttl: fault == .forgetsLeases ? .seconds(1_000_000) : ttl)
      return StoreLease(id: lease.id, ttl: ttl)
    }

    func keepAlive(_ lease: StoreLease) async throws -> Bool { try await store.keepAlive(lease) }

    func revoke(_ lease: StoreLease) async throws {
      if fault != .keepsRevoked { try await store.revoke(lease) }
    }

    func write(_ record: StoreRecord, if condition: StoreCondition) async throws -> StoreWrite {
      var record = record
      if fault == .conflatesNames, record.instance.id == "caf\u{e9}" {
        record.instance = ServiceInstance(id: "cafe", service: record.instance.service)
      }
      return try await store.write(record, if: fault == .ignoresConditions ? .always : condition)
    }

    func remove(_ id: String, of service: String, if condition: StoreCondition) async throws -> StoreWrite {
      try await store.remove(id, of: service, if: condition)
    }

    func list(_ service: String) async throws -> StoreListing { try await store.list(service) }

    func follow(
      _ service: String, after revision: UInt64,
      _ onChanges: @escaping @Sendable ([StoreChange]) async throws -> Void
    ) async throws {
      do {
        try await store.follow(service, after: revision) { changes in
          switch fault {
          case .repeatsChanges: try await onChanges(changes + changes)
          case .losesChanges: try await onChanges(Array(changes.dropFirst()))
          default: try await onChanges(changes)
          }
        }
      } catch is StoreCompacted where fault == .skipsForgotten {
        try await store.follow(service, after: store.list(service).revision, onChanges)
      }
    }
  }

  @Test(arguments: Broken.Fault.allCases)
  private func aStoreThatBreaksAPromiseIsFoundOut(fault: Broken.Fault) throws {
    let violations = try RegistryStoreContract.cases.filter { promise in
      try Simulation(seed: 1).run { _ in
        do {
          let broken = Broken(fault: fault)
          try await promise.run(broken) { try await broken.store.forget(60) }
          return false
        } catch let violation as ContractViolation {
          return violation.description.hasPrefix("\(promise.name): ")
        }
      }
    }
    #expect(!violations.isEmpty, "no case has found \(fault)")
    #expect(violations.count < RegistryStoreContract.cases.count)
  }
}

extension MemoryRegistryStore {
  /// Makes so many changes that it remembers no earlier ones.
  fileprivate func forget(_ historyLimit: Int) async throws {
    for _ in 0...historyLimit { _ = try await write(StoreRecord(instance("a", of: "noise")), if: .always) }
  }
}
