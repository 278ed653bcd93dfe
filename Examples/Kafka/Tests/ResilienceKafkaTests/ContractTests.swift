import Foundation
import Resilience
import Synchronization
import Testing

@testable import ResilienceKafka

/// All promises, on librdkafka's mock cluster and on a real broker where there is one.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct ContractTests {
  private static let policy = KafkaBrokerPolicy(
    partitions: 6, session: .seconds(2), timeout: .seconds(10))

  @Test(arguments: EventBrokerContract.cases)
  func keepsThePromiseOnTheMockCluster(promise: EventBrokerContract.Case) async throws {
    let cluster = try MockCluster(topic: "events", partitions: 6)
    try await keep(promise, cluster.servers)
    withExtendedLifetime(cluster) {}
  }

  @Test(
    .enabled(if: TansuServer.executable != nil, "there is no Tansu: Examples/Kafka/test has one"),
    arguments: EventBrokerContract.cases)
  func keepsThePromiseOnTansu(promise: EventBrokerContract.Case) async throws {
    try await TansuServer.with { server in try await keep(promise, server.servers) }
  }

  private func keep(_ promise: EventBrokerContract.Case, _ servers: String) async throws {
    let current = Mutex(try await KafkaBroker.open(servers, topic: "events", policy: Self.policy))
    let failure: (any Error)?
    do {
      try await promise.run(current.withLock { $0 }) {
        await current.withLock { $0 }.abandon()
        let next = try await KafkaBroker.open(servers, topic: "events", policy: Self.policy)
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
