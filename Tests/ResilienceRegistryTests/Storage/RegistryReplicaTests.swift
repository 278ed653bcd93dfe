import ResilienceCore
import ResilienceTestKit
import Testing

@testable import ResilienceRegistry

@Suite struct RegistryReplicaTests {
  private static func replicating(
    _ store: UnreachableStore, _ registry: ServiceRegistry, maxStaleness: Duration? = .seconds(3600),
    _ body: @Sendable () async throws -> Void
  ) async throws {
    let replica = RegistryReplica(
      of: store, in: registry, services: ["inventory", ""], maxStaleness: maxStaleness)
    let running = Task.immediate(executorPreference: CallContext.current.executor) { try await replica.run() }
    try await body()
    running.cancel()
    await #expect(throws: CancellationError.self) { try await running.value }
  }

  private static func put(_ store: UnreachableStore, _ ids: String..., leaseID: Int64? = nil) async throws {
    for id in ids {
      _ = try await store.store.write(StoreRecord(instance(id), leaseID: leaseID), if: .always)
    }
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func theRegistryListsWhatTheStoreHas(seed: UInt64) throws {
    try Simulation(seed: seed).run { sim in
      let (store, registry) = (UnreachableStore(), ServiceRegistry(selfPreservation: nil))
      try await Self.put(store, "a", "b")
      try await Self.replicating(store, registry) {
        let random = SeededRandomSource(seed: seed)
        for _ in 0..<200 {
          let id = "i\(random.next(below: 10))"
          switch random.next(below: 4) {
          case 0: _ = try await store.store.remove(id, of: "inventory", if: .always)
          case 1: _ = try await store.store.set(.outOfService, of: id, service: "inventory")
          default: try await Self.put(store, id)
          }
          if random.next(below: 4) == 0 { try await sim.sleep(for: .seconds(7)) }
        }
        try await sim.sleep(for: .seconds(1))
        let records = try await store.list("inventory").records
        let members = registry.instances(of: "inventory").members
        #expect(members.map(\.instance) == records.map(\.instance))
        #expect(members.map(\.state) == records.map(\.state))
        #expect(records.count > 2)
      }
    }
  }

  @Test(arguments: [UnreachableStore.Line.cut, .silent])
  func aStoreThatCannotBeReachedEmptiesNothingAndItIsSaid(line: UnreachableStore.Line) throws {
    try Simulation(seed: 1).run { sim in
      let events = EventRecorder()
      let (store, registry) = (UnreachableStore(), ServiceRegistry { events.record($0) })
      try await Self.put(store, "a", "b")
      try await Self.replicating(store, registry) {
        try await sim.sleep(for: .seconds(1))
        #expect(registry.instances(of: "inventory").isStale == false)
        store.set(line)
        // A cut is seen at once, a silence within a minute and the five seconds of a list.
        try await sim.sleep(for: line == .cut ? .milliseconds(1) : .seconds(65))
        let stale = registry.instances(of: "inventory")
        #expect(stale.isStale && stale.ids == ["a", "b"])
        #expect(registry.snapshot().metrics.contains { $0.name == "registry_stale" && $0.value == 1 })
        try await Self.put(store, "c")
        _ = try await store.store.remove("a", of: "inventory", if: .always)
        try await sim.sleep(for: .seconds(3000))
        #expect(registry.instances(of: "inventory").ids == ["a", "b"])
        store.set(.open)
        // The longest pause between two tries, and the list of one that was silent.
        try await sim.sleep(for: .seconds(26))
        let current = registry.instances(of: "inventory")
        #expect(current.staleSince == nil && current.ids == ["b", "c"])
      }
      #expect(events.events.count { $0.name == "registry.stale_began" } == 1)
      #expect(events.events.count { $0.name == "registry.stale_ended" } == 1)
    }
  }

  @Test func withoutServicesItRunsUntilItIsCancelled() throws {
    try Simulation(seed: 1).run { sim in
      let replica = RegistryReplica(of: MemoryRegistryStore(), in: ServiceRegistry(), services: [""])
      let ended = Log<Bool>()
      let running = Task.immediate(executorPreference: CallContext.current.executor) {
        let error = await #expect(throws: CancellationError.self) { try await replica.run() }
        ended.append(error != nil)
      }
      try await sim.sleep(for: .seconds(3600))
      #expect(ended.entries.isEmpty)
      running.cancel()
      await running.value
      #expect(ended.entries == [true])
    }
  }

  @Test func aListThatIsStaleForTooLongIsDropped() throws {
    try Simulation(seed: 1).run { sim in
      let (store, registry) = (UnreachableStore(), ServiceRegistry())
      try await Self.put(store, "a", "b")
      try await Self.replicating(store, registry, maxStaleness: .seconds(600)) {
        try await sim.sleep(for: .seconds(1))
        store.set(.cut)
        try await sim.sleep(for: .seconds(599))
        #expect(registry.instances(of: "inventory").ids == ["a", "b"])
        try await sim.sleep(for: .seconds(70))
        let given = registry.instances(of: "inventory")
        #expect(given.isStale && given.ids == [])
        store.set(.open)
        try await sim.sleep(for: .seconds(26))
        #expect(registry.instances(of: "inventory").ids == ["a", "b"])
      }
    }
  }

  @Test func aStoreThatHasLostItsDataLeavesSuspectsAndFarewellsAreBelieved() throws {
    try Simulation(seed: 1).run { sim in
      let (store, registry) = (UnreachableStore(), ServiceRegistry())
      for number in 0..<40 { try await Self.put(store, "\(number)") }
      try await Self.replicating(store, registry) {
        try await sim.sleep(for: .seconds(1))
        for number in 0..<20 {
          _ = try await store.store.set(.draining, of: "\(number)", service: "inventory")
          _ = try await store.store.remove("\(number)", of: "inventory", if: .always)
        }
        try await sim.sleep(for: .seconds(1))
        #expect(registry.instances(of: "inventory").members.count == 20)
        for number in 20..<40 { _ = try await store.store.remove("\(number)", of: "inventory", if: .always) }
        try await sim.sleep(for: .seconds(1))
        let members = registry.instances(of: "inventory").members
        #expect(members.count >= 17)
        #expect(members.allSatisfy { $0.isSuspect })
        try await Self.put(store, "39")
        try await sim.sleep(for: .seconds(1))
        #expect(registry.instances(of: "inventory").members.member(withID: "39")?.isSuspect == false)
        try await sim.sleep(for: .seconds(300))
        #expect(registry.instances(of: "inventory").ids == ["39"])
      }
    }
  }

  @Test func withLeaseKeepsTheInstanceAndSaysFarewell() throws {
    try Simulation(seed: 1).run { sim in
      let events = EventRecorder()
      let (store, registry) = (UnreachableStore(), ServiceRegistry { events.record($0) })
      try await Self.replicating(store, registry) {
        try await store.withLease(instance("a"), ttl: .seconds(9)) {
          for _ in 0..<20 {
            try await sim.sleep(for: .seconds(5))
            #expect(registry.instances(of: "inventory").ids == ["a"])
          }
          // Too short for the lease to run out.
          store.set(.cut)
          try await sim.sleep(for: .seconds(5))
          store.set(.open)
          try await sim.sleep(for: .seconds(30))
          #expect(registry.instances(of: "inventory").ids == ["a"])
        }
        try await sim.sleep(for: .seconds(1))
      }
      // A farewell, and not an expiry.
      #expect(
        events.events.map(\.name).filter { !$0.contains("stale") } == [
          "registry.registered", "registry.deregistered",
        ])
    }
  }

  @Test func aLeaseThatRanOutWhileTheStoreWasAwayIsTakenAnew() throws {
    try Simulation(seed: 1).run { sim in
      let store = UnreachableStore()
      try await store.withLease(instance("a"), ttl: .seconds(9)) {
        let first = try await store.list("inventory").records
        store.set(.cut)
        try await sim.sleep(for: .seconds(30))
        #expect(try await store.store.list("inventory").records == [])
        store.set(.open)
        try await sim.sleep(for: .seconds(4))
        let second = try await store.list("inventory").records
        #expect(second.map(\.instance) == first.map(\.instance))
        #expect(second.map(\.leaseID) != first.map(\.leaseID))
      }
      #expect(try await store.list("inventory").records == [])
    }
  }

  @Test func whoeverRegistersLaterHasThePlaceAndAnOperatorsWordStays() throws {
    try Simulation(seed: 1).run { sim in
      let store = UnreachableStore()
      let elsewhere = ServiceInstance(id: "a", service: "inventory", address: "elsewhere")
      try await store.withLease(instance("a"), ttl: .seconds(9)) {
        #expect(try await store.set(.outOfService, of: "a", service: "inventory"))
        #expect(try await store.set(.outOfService, of: "b", service: "inventory") == false)
        try await store.withLease(elsewhere, ttl: .seconds(9)) {
          try await sim.sleep(for: .seconds(100))
          let records = try await store.list("inventory").records
          #expect(records.map(\.instance) == [elsewhere])
          #expect(records.map(\.state) == [.outOfService])
        }
      }
      #expect(try await store.list("inventory").records == [])
    }
  }

  @Test func cancellationStillTakesTheInstanceOut() throws {
    try Simulation(seed: 1).run { sim in
      let store = UnreachableStore()
      let serving = Task.immediate(executorPreference: CallContext.current.executor) {
        try await store.withLease(instance("a")) { try await sim.sleep(for: .seconds(1000)) }
      }
      try await sim.sleep(for: .seconds(100))
      #expect(try await store.list("inventory").records.count == 1)
      serving.cancel()
      await #expect(throws: CancellationError.self) { try await serving.value }
      #expect(try await store.list("inventory").records == [])
    }
  }

  @Test func aLeaseOfNoTimeIsAnErrorThatNamesTheField() async {
    let fault = await #expect(throws: InvalidSetting.self) {
      try await MemoryRegistryStore().withLease(instance("a"), ttl: .zero) {}
    }
    #expect(fault?.field == "ttl")
  }
}
