import Foundation
import Resilience
import Synchronization
import Testing

@testable import ResilienceKafka

/// All promises, on librdkafka's mock cluster and on a real broker where there is one.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct ContractTests {
  private static let atOnce = 6

  private static func policy(for promise: EventBrokerContract.Case) -> KafkaBrokerPolicy {
    // While some come and go, each rebalance takes seconds, and others are not asked for long.
    let isLong = promise.name == "leavingAndGivingBackDuringRedeliveryLosesNothing"
    return KafkaBrokerPolicy(partitions: 6, session: .seconds(isLong ? 90 : 6))
  }

  @Test func keepsThePromisesOnTheMockCluster() async throws {
    let cluster = try MockCluster(topic: "events", partitions: 6)
    try await keepAll(cluster.servers)
    withExtendedLifetime(cluster) {}
  }

  @Test(.enabled(if: TansuServer.executable != nil, "there is no Tansu: Examples/Kafka/test has one"))
  func keepsThePromisesOnTansu() async throws {
    try await TansuServer.with { server in try await keepAll(server.servers) }
  }

  /// Several at once: each has groups and types of its own, and the others are users that it must not mind.
  private func keepAll(_ servers: String) async throws {
    #expect(EventBrokerContract.cases.count >= 40)
    let only = ProcessInfo.processInfo.environment["PROMISE"]
    await withTaskGroup(of: Void.self) { tasks in
      var running = 0
      for promise in EventBrokerContract.cases where only == nil || promise.name == only {
        if running == Self.atOnce { await tasks.next() } else { running += 1 }
        tasks.addTask {
          do {
            try await Self.keep(promise, servers)
          } catch {
            Issue.record("\(promise): \(error)")
          }
        }
      }
    }
  }

  private static func keep(_ promise: EventBrokerContract.Case, _ servers: String) async throws {
    let policy = policy(for: promise)
    let current = Mutex(try await KafkaBroker.open(servers, topic: "events", policy: policy))
    let failure: (any Error)?
    do {
      try await promise.run(current.withLock { $0 }) {
        await current.withLock { $0 }.abandon()
        let next = try await KafkaBroker.open(servers, topic: "events", policy: policy)
        current.withLock { $0 = next }
        return next
      }
      failure = nil
    } catch {
      failure = error
    }
    await current.withLock { $0 }.close()
    if let failure { throw failure }
  }
}
