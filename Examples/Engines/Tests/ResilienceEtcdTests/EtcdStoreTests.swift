import AsyncHTTPClient
import Resilience
import Testing

@testable import ResilienceEtcd

/// Against a real etcd; skipped where there is none.
@Suite(
  .enabled(if: EtcdServer.executable != nil, "there is no etcd: apt-get install etcd-server"),
  .timeLimit(.minutes(2)))
struct EtcdStoreTests {
  private func withStore<Result>(
    _ body: (EtcdStore, EtcdServer) async throws -> Result
  ) async throws -> Result {
    try await EtcdServer.with(try #require(EtcdServer.executable)) { server in
      try await body(EtcdStore(HTTPClient.shared, at: server.endpoint), server)
    }
  }

  @Test func keepsThePromisesOfAStore() async throws {
    try await withStore { store, server in
      try await withThrowingTaskGroup { group in
        // What forgets goes last: it forgets what the others have not read yet.
        let forgetting = "whoeverAsksForForgottenChangesIsToldToListAnew"
        let (last, first) = (
          RegistryStoreContract.cases.filter { $0.name == forgetting },
          RegistryStoreContract.cases.filter { $0.name != forgetting }
        )
        #expect(first.count >= 12 && last.count == 1)
        for promise in first { group.addTask { try await promise.run(store, ttl: .seconds(1)) } }
        try await group.waitForAll()
        for promise in last { try await promise.run(store, ttl: .seconds(1)) { try await server.compact() } }
      }
    }
  }

  @Test func aRecordComesBackAsItWasWritten() async throws {
    let full = ServiceInstance(
      id: "a/b%2Fc ü", service: "pay/ments", address: "10.0.0.7:80", metadata: ["shard": "3"], zone: "eu-1",
      weight: 2.5, version: "1.2")
    try await withStore { store, _ in
      for state in InstanceState.allCases {
        _ = try await store.write(StoreRecord(full, state: state), if: .always)
        let listing = try await store.list("pay/ments")
        #expect(listing.records.map(\.instance) == [full])
        #expect(listing.records.map(\.state) == [state])
      }
      // Neither a service whose name begins like this one's, nor one whose name is its folder.
      _ = try await store.write(StoreRecord(ServiceInstance(id: "x", service: "pay")), if: .always)
      #expect(try await store.list("pay").records.map(\.instance.id) == ["x"])
      #expect(try await store.list("pay/ment").records.isEmpty)
    }
  }

  @Test func whatIsNoRecordIsAnErrorThatNamesIt() async throws {
    try await withStore { store, server in
      let gateway = EtcdGateway(client: .shared, endpoint: server.endpoint, timeout: .seconds(5))
      struct Done: Decodable {}
      let _: Done = try await gateway.send(
        "kv/put", EtcdPut(key: EtcdBytes("registry/payment/7"), value: EtcdBytes("no document"), lease: nil))
      let error = await #expect(throws: EtcdError.self) { try await store.list("payment") }
      #expect(error?.reason == .unreadable)
      #expect(error?.message.contains("the record of 7 of payment") == true)
    }
  }

  @Test func aCallWhoseTimeIsUpSendsNothing() async throws {
    let store = EtcdStore(HTTPClient.shared, at: "http://127.0.0.1:1")
    let list = ServiceCall("list") { (service: String) in try await store.list(service) }
    await #expect(throws: DeadlineExceeded.self) { try await list.deadline(.nanoseconds(1))("payment") }
  }

  /// Killed with all its watches, and started again with its data: what was registered is still there, and a change
  /// made since is told.
  @Test func aReplicaGoesOnWhenEtcdIsBack() async throws {
    try await withStore { store, server in
      let registry = ServiceRegistry()
      let replica = RegistryReplica(
        of: store, in: registry, services: ["payment"], refreshInterval: .seconds(1))
      func write(_ id: String) async throws {
        _ = try await store.write(StoreRecord(ServiceInstance(id: id, service: "payment")), if: .always)
      }
      func wait(_ ids: [String]) async throws {
        // What a real server takes; the test's time limit ends it.
        while registry.instances(of: "payment").instances.map(\.id) != ids {
          try await Task.sleep(for: .milliseconds(20))
        }
      }
      try await write("a")
      try await withThrowingTaskGroup { group in
        group.addTask { try await replica.run() }
        try await wait(["a"])
        server.kill()
        try await Task.sleep(for: .milliseconds(300))
        #expect(registry.instances(of: "payment").instances.map(\.id) == ["a"])
        try await server.start(try #require(EtcdServer.executable))
        try await write("b")
        try await wait(["a", "b"])
        group.cancelAll()
      }
    }
  }
}
