import AsyncHTTPClient
import Foundation
import NIOCore
import Resilience
import Synchronization
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
      try await body(EtcdStore(at: server.endpoint), server)
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
        // All at once: each has services of its own, and the others are writers that it must not mind.
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

  /// Characters that begin with a slash or a percent sign are such bytes all the same.
  @Test(arguments: ["%", "/", "a/b%2Fc", "%\u{301}", "x/\u{338}y", "%25", "", "ü\0"])
  func aNameIsReadAsItWasWritten(_ name: String) {
    #expect(!name.escapingSlashes.utf8.contains(UInt8(ascii: "/")))
    let read = String(escapedSlashes: Data(name.escapingSlashes.utf8))
    #expect(read.map { Array($0.utf8) } == Array(name.utf8))
  }

  @Test(arguments: ["a/b", "%41", "%2", "%"])
  func whatNoStoreWritesIsNoName(_ text: String) {
    #expect(String(escapedSlashes: Data(text.utf8)) == nil)
  }

  @Test func whatIsNoRecordIsLeftOutAndTold() async throws {
    try await withStore { _, server in
      let told = Mutex<[String]>([])
      let store = EtcdStore(at: server.endpoint + "/") { error in
        told.withLock { $0.append(error.message) }
      }
      struct Done: Decodable {}
      for (key, value) in [
        ("7", "no document"), ("7/lock", "{}"), ("8", #"{"address":"a","state":"resting"}"#),
      ] {
        let put = EtcdPut(key: EtcdBytes("registry/payment/\(key)"), value: EtcdBytes(value), lease: nil)
        let _: Done = try await server.gateway.send("kv/put", put, within: .seconds(5))
      }
      let records = try await store.list("payment").records
      #expect(records.map(\.instance.id) == ["8"])
      // A state of a later version.
      #expect(records.map(\.state) == [.outOfService])
      let messages = told.withLock { $0 }
      #expect(messages.count == 2)
      #expect(messages.first?.hasPrefix("the record of 7 of payment") == true)
      #expect(messages.last == "the key registry/payment/7/lock")
      // What cannot be read any more is gone, for whoever follows.
      let revision = try await store.write(
        StoreRecord(ServiceInstance(id: "9", service: "payment")), if: .always)
      guard case .done(let revision) = revision else { return #expect(Bool(false), "\(revision)") }
      let put = EtcdPut(key: EtcdBytes("registry/payment/9"), value: EtcdBytes("?"), lease: nil)
      let _: Done = try await server.gateway.send("kv/put", put, within: .seconds(5))
      struct Seen: Error, Equatable {
        let changes: [StoreChange]
      }
      await #expect(throws: Seen(changes: [.removed(id: "9", revision: revision + 1)])) {
        try await store.follow("payment", after: revision) { throw Seen(changes: $0) }
      }
    }
  }

  @Test func refusalsSayWhatEtcdSays() async throws {
    try await withStore { store, server in
      let ended = StoreLease(id: 7, ttl: .seconds(10))
      let isKept = try await store.keepAlive(ended)
      #expect(!isKept)
      for lease: Int64 in [0, 7] {
        let record = StoreRecord(ServiceInstance(id: "a", service: "payment"), leaseID: lease)
        let written = try await store.write(record, if: .always)
        #expect(written == .leaseEnded)
      }
      let elsewhere = EtcdStore(at: server.endpoint + "/nowhere")
      let listing = await #expect(throws: EtcdError.self) { try await elsewhere.list("payment") }
      #expect(listing?.description == "etcd: kv/range: HTTP status 404")
      let watch = await #expect(throws: EtcdError.self) {
        try await elsewhere.follow("payment", after: 0) { _ in }
      }
      #expect(watch?.description == "etcd: watch: HTTP status 404")
    }
  }

  @Test(arguments: [
    #"{"error":"no such lease","message":"no such lease","code":5}"#,
    #"{"error":{"grpc_code":5,"http_code":404,"message":"no such lease","http_status":"Not Found"}}"#,
  ])
  func aRefusalIsReadInBothForms(_ text: String) throws {
    let refusal = try JSONDecoder().decode(EtcdRefusal.self, from: Data(text.utf8))
    #expect(refusal.message == "no such lease")
    #expect(refusal.code == EtcdRefusal.notFound)
  }

  @Test func aCallWhoseTimeIsUpIsRefused() async throws {
    let store = EtcdStore(at: "http://127.0.0.1:1")
    let list = ServiceCall("list") { (service: String) in try await store.list(service) }
    await #expect(throws: DeadlineExceeded.self) { try await list.deadline(.nanoseconds(1))("payment") }
  }

  /// Each of nine watches holds a connection, and a client has eight unless it is told otherwise.
  @Test func manyWatchesLeaveRoomForRequests() async throws {
    try await withStore { store, _ in
      let registry = ServiceRegistry()
      let services = (1...9).map { "service-\($0)" }
      try await withThrowingTaskGroup { group in
        // It runs until it is cancelled, as below.
        group.addTask { try await RegistryReplica(of: store, in: registry, services: services).run() }
        // The second is told by a watch, and written while all of them are held.
        for (number, id) in ["a", "b"].enumerated() {
          for service in services {
            _ = try await store.write(StoreRecord(ServiceInstance(id: id, service: service)), if: .always)
          }
          for service in services {
            try await registry.wait(for: number == 0 ? ["a"] : ["a", "b"], of: service)
          }
        }
        group.cancelAll()
      }
    }
  }

  /// A client gives up on a response that says nothing for so long, and nothing is what a quiet watch has to say.
  @Test func aClientsLimitOnSilenceEndsNoWatch() async throws {
    var configuration = HTTPClient.Configuration()
    configuration.timeout.read = .milliseconds(100)
    let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    do {
      try await withStore { store, server in
        struct Told: Error {}
        let watching = EtcdStore(client, at: server.endpoint)
        let revision = try await store.list("payment").revision
        await #expect(throws: Told.self) {
          try await withThrowingTaskGroup { group in
            // It ends when it is told.
            group.addTask { try await watching.follow("payment", after: revision) { _ in throw Told() } }
            group.addTask {
              // Five times the limit, which a real client keeps by the real clock.
              try await Task.sleep(for: .milliseconds(500))
              _ = try await store.write(
                StoreRecord(ServiceInstance(id: "a", service: "payment")), if: .always)
            }
            try await group.waitForAll()
          }
        }
      }
    } catch {
      try await client.shutdown()
      throw error
    }
    try await client.shutdown()
  }

  /// A client that connects again by itself tells of it when its limit on connecting has passed, a second, waits longer
  /// before each further try, up to a minute, and has requests wait with it when the server is back.
  @Test func aRefusedConnectionIsToldAtOnce() async throws {
    try await withStore { store, server in
      server.kill()
      var quickest = Duration.seconds(60)
      // The machine may be busy: one of five is enough, as none would be.
      for _ in 1...5 {
        let begin = ContinuousClock.now
        await #expect(throws: (any Error).self) { try await store.list("payment") }
        quickest = min(quickest, ContinuousClock.now - begin)
      }
      #expect(quickest < .milliseconds(900))
    }
  }

  /// Killed with all its watches, and started again with its data: what was registered is still there, and a change
  /// made since is told. The list is not read again within the test, so that only a watch can tell.
  @Test func aReplicaGoesOnWhenEtcdIsBack() async throws {
    try await withStore { store, server in
      let registry = ServiceRegistry()
      let replica = RegistryReplica(
        of: store, in: registry, services: ["payment"], refreshInterval: .seconds(3600))
      func write(_ id: String) async throws {
        _ = try await store.write(StoreRecord(ServiceInstance(id: id, service: "payment")), if: .always)
      }
      try await write("a")
      try await withThrowingTaskGroup { group in
        // It runs until it is cancelled, as below.
        group.addTask { try await replica.run() }
        try await registry.wait(for: ["a"], of: "payment")
        server.kill()
        try await registry.wait(for: ["a"], of: "payment", stale: true)
        try await server.start(try #require(EtcdServer.executable))
        try await registry.wait(for: ["a"], of: "payment", stale: false)
        try await write("b")
        try await registry.wait(for: ["a", "b"], of: "payment")
        group.cancelAll()
      }
    }
  }

  /// The lease outlives etcd's restart, and its owner goes on keeping it alive.
  @Test func aRegistrationOutlivesARestart() async throws {
    try await withStore { store, server in
      let instance = ServiceInstance(id: "a", service: "payment")
      try await store.withLease(instance, ttl: .seconds(2)) {
        server.kill()
        try await server.start(try #require(EtcdServer.executable))
        // Longer than the lease holds by itself.
        try await Task.sleep(for: .seconds(5))
        #expect(try await store.list("payment").records.map(\.instance.id) == ["a"])
      }
      #expect(try await store.list("payment").records.isEmpty)
    }
  }
}

extension ServiceRegistry {
  /// Waits for what a real server takes its time for; the test's time limit ends it.
  fileprivate func wait(for ids: [String], of service: String, stale: Bool? = nil) async throws {
    while true {
      let snapshot = instances(of: service)
      if snapshot.instances.map(\.id) == ids, stale.map({ $0 == snapshot.isStale }) ?? true { return }
      try await Task.sleep(for: .milliseconds(20))
    }
  }
}
