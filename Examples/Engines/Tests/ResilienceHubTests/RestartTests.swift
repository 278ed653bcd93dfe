import AsyncHTTPClient
import Foundation
import Resilience
import ResilienceHub
import Synchronization
import Testing

/// A hub that is killed, and started again with its journal.
@Suite(.timeLimit(.minutes(4))) struct RestartTests {
  private struct Numbered: Codable, Sendable {
    let number: Int
  }

  private struct Unexpected: Error, CustomStringConvertible {
    let description: String
  }

  private static let type = EventType<Numbered>("numbered")

  private final class Numbers: Sendable {
    private let list = Mutex<[Int]>([])

    var all: [Int] { list.withLock { $0 } }
    func add(_ number: Int) { list.withLock { $0.append(number) } }
  }

  @Test func nothingThatWasAcknowledgedIsLostWhenTheHubIsKilled() async throws {
    try await HubProcess.with(session: 3) { hub in
      let (acknowledged, handled) = (Numbers(), Numbers())
      let bus = EventBus(
        source: "test", broker: RemoteBroker(at: hub.endpoint, timeout: .seconds(2)))
      try bus.subscribe(
        to: Self.type, group: "g",
        handler: EventHandler("note") { (event: Event<Numbered>) in handled.add(event.data.number) })
      try await withThrowingTaskGroup { tasks in
        // It runs until it is cancelled, as below.
        tasks.addTask { try await bus.run() }
        tasks.addTask {
          for number in 0... {
            try Task.checkCancellation()
            do {
              try await bus.publish(Numbered(number: number), as: Self.type, subject: "\(number % 5)")
              acknowledged.add(number)
            } catch is CancellationError {
              return
            } catch {
              // The hub is away: a moment of its own, which is a real process's.
              try await Task.sleep(for: .milliseconds(20))
            }
          }
        }
        for kill in 1...4 {
          let before = handled.all.count
          // Beyond what was under way: the consumers go on by themselves.
          while handled.all.count < before + 200 { try await Task.sleep(for: .milliseconds(10)) }
          if kill < 4 { try await hub.restart() }
        }
        let all = Set(acknowledged.all)
        while !all.isSubset(of: handled.all) { try await Task.sleep(for: .milliseconds(20)) }
        tasks.cancelAll()
      }
      // Four times 200 were handled, of which some had come twice or were published without an answer.
      #expect(acknowledged.all.count >= 600)
    }
  }

  @Test func aReplicaKeepsTheLastGoodListAndOwnersRegisterAgain() async throws {
    try await HubProcess.with { hub in
      let store = RemoteRegistryStore(at: hub.endpoint, timeout: .seconds(1))
      let registry = ServiceRegistry()
      // The list is not read again within the test, so that only a watch can tell.
      let replica = RegistryReplica(
        of: store, in: registry, services: ["payment"], refreshInterval: .seconds(3600))
      try await withThrowingTaskGroup { tasks in
        // It runs until it is cancelled, as below.
        tasks.addTask { try await replica.run() }
        try await store.withLease(ServiceInstance(id: "a", service: "payment"), ttl: .seconds(2)) {
          try await registry.wait { $0.instances.map(\.id) == ["a"] && !$0.isStale }
          hub.kill()
          try await registry.wait { $0.instances.map(\.id) == ["a"] && $0.isStale }
          try await hub.start()
          // The new hub has nothing: one that vanishes is suspected first, and there when its owner is back.
          try await registry.wait { $0.instances.map(\.id) == ["a"] && !$0.isStale }
          while try await store.list("payment").records.isEmpty {
            try await Task.sleep(for: .milliseconds(20))
          }
          _ = try await store.write(StoreRecord(ServiceInstance(id: "b", service: "payment")), if: .always)
          try await registry.wait { $0.instances.map(\.id) == ["a", "b"] }
        }
        tasks.cancelAll()
      }
    }
  }

  /// A client that connects again by itself tells of it when its limit on connecting has passed, a second, waits longer
  /// before each further try, up to a minute, and has requests wait with it when the server is back.
  @Test func aRefusedConnectionIsToldAtOnce() async throws {
    try await HubProcess.with { hub in
      let store = RemoteRegistryStore(at: hub.endpoint)
      hub.kill()
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

  /// A store in memory counts its leases and revisions from the beginning.
  @Test func aLeaseOfAnEarlierLifeIsNobodysInTheNext() async throws {
    let first = try await withHub(Hub(broker: MemoryBroker())) { endpoint in
      let store = RemoteRegistryStore(at: endpoint)
      let lease = try await store.grantLease(ttl: .seconds(60))
      let written = try await store.write(
        StoreRecord(ServiceInstance(id: "a", service: "s"), leaseID: lease.id), if: .absent)
      guard case .done = written else { throw Unexpected(description: "\(written)") }
      #expect(try await store.list("s").records.map(\.leaseID) == [lease.id])
      return lease
    }
    try await withHub(Hub(broker: MemoryBroker())) { endpoint in
      let store = RemoteRegistryStore(at: endpoint)
      let second = try await store.grantLease(ttl: .seconds(60))
      #expect(second.id != first.id)
      #expect(try await !store.keepAlive(first))
      #expect(try await store.keepAlive(second))
    }
  }

  @Test func aRevisionOfAnEarlierLifeIsAConflictAndCompacted() async throws {
    try await HubProcess.with { hub in
      let store = RemoteRegistryStore(at: hub.endpoint)
      let record = StoreRecord(ServiceInstance(id: "a", service: "s"))
      _ = try await store.write(record, if: .always)
      let listing = try await store.list("s")
      try await hub.restart()
      // The same service and the same count of writes again, and somebody else who lists with the same store.
      _ = try await store.write(record, if: .always)
      #expect(try await store.list("s").revision != listing.revision)
      let written = try await store.write(record, if: .revision(listing.revision))
      guard case .conflict(_?) = written else { throw Unexpected(description: "\(written)") }
      let removed = try await store.remove("a", of: "s", if: .revision(listing.revision))
      guard case .conflict(_?) = removed else { throw Unexpected(description: "\(removed)") }
      let follow = ServiceCall("follow") { (revision: UInt64) in
        try await store.follow("s", after: revision) { _ in }
      }.timeout(.seconds(10))
      await #expect(throws: StoreCompacted.self) { try await follow(listing.revision) }
    }
  }
}

extension ServiceRegistry {
  /// Waits for what a real server takes its time for; the test's time limit ends it.
  fileprivate func wait(until condition: (ServiceSnapshot) -> Bool) async throws {
    while !condition(instances(of: "payment")) { try await Task.sleep(for: .milliseconds(20)) }
  }
}
