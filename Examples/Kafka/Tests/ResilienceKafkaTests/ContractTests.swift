import CRdkafka
import Foundation
import Resilience
import Synchronization
import Testing

@testable import ResilienceKafka

/// All promises, on librdkafka's mock cluster and on a real broker where there is one.
@Suite(.serialized, .timeLimit(.minutes(10)))
struct ContractTests {
  private static let atOnce = 6

  /// On the mock cluster a commit is refused for as long as a rebalance waits for a consumer that keeps what it
  /// holds, so that a settlement fails. It takes minutes: `PROMISE` with its name tries it.
  private static let notKept = "leavingAndGivingBackDuringRedeliveryLosesNothing"

  private static let hurried = [
    "whatIsForLaterSurvivesACrash":
      "It gives a consumer 3 s to come in; whatIsForLaterSurvivesTheProcess tries the same with more time."
  ]

  /// Tansu 0.6 does not keep the metadata of a commit, where the counts are and what is settled ahead.
  private static let knownOnTansu = [
    "whatWasNotSettledComesAgainBeforeWhatFollows", "aDeadLetterIsKeptWithItsReason",
    "whatADeadConsumerHeldIsTakenOver", "aConsumerThatWaitsTakesOver",
    "whatWasSettledStaysSettledAfterACrash", "whatEndsTheProcessIsCounted",
  ].reduce(into: hurried) { $0[$1] = "Tansu does not keep the metadata of a commit." }

  /// The mock cluster gives a rebalance a session's time. Before librdkafka 2.3 all partitions move in each, so
  /// that what is held then is lost.
  private static let knownOnTheMockCluster =
    rd_kafka_version() >= 0x0203_0000
    ? ["aKeyMovesOnceNothingOfItIsUnsettled", "consumersShareTheKeys"].reduce(into: hurried) {
      $0[$1] = "Not always: the mock cluster refuses commits during a rebalance."
    }
    : [
      "aPartitionKeyComesBeforeTheSubject", "aKeyMovesOnceNothingOfItIsUnsettled", "consumersShareTheKeys",
      "whatADeadConsumerHeldIsTakenOver", "aHeartbeatKeepsWhatIsHeld", "aConsumerThatWaitsTakesOver",
      "aConsumerThatWaitsIsThere",
      "eachGroupGetsWhatItsFilterLetsPass",
    ].reduce(into: hurried) { $0[$1] = "The mock cluster evicts a member that keeps what it holds." }

  private static func policy(for promise: EventBrokerContract.Case) -> KafkaBrokerPolicy {
    // While some come and go, each rebalance takes seconds, and others are not asked for long.
    let isLong = promise.name == "leavingAndGivingBackDuringRedeliveryLosesNothing"
    return KafkaBrokerPolicy(partitions: 6, session: .seconds(isLong ? 90 : 6))
  }

  @Test func keepsThePromisesOnTheMockCluster() async throws {
    let cluster = try MockCluster(topic: "events", partitions: 6)
    try await keepAll(cluster.servers, Self.knownOnTheMockCluster)
    withExtendedLifetime(cluster) {}
  }

  @Test(.enabled(if: TansuServer.executable != nil, "there is no Tansu: Examples/Kafka/test has one"))
  func keepsThePromisesOnTansu() async throws {
    try await TansuServer.with { server in try await keepAll(server.servers, Self.knownOnTansu) }
  }

  /// Several at once: each has groups and types of its own, and the others are users that it must not mind.
  private func keepAll(_ servers: String, _ known: [String: String]) async throws {
    #expect(EventBrokerContract.cases.count >= 40)
    let only = ProcessInfo.processInfo.environment["PROMISE"]
    await withTaskGroup(of: Void.self) { tasks in
      var running = 0
      for promise in EventBrokerContract.cases
      where only.map({ $0 == promise.name }) ?? (promise.name != Self.notKept) {
        if running == Self.atOnce { await tasks.next() } else { running += 1 }
        tasks.addTask {
          let reason = known[promise.name]
          let began = ContinuousClock.now
          defer { print("TIME \(ContinuousClock.now - began) \(promise.name)") }
          await withKnownIssue(Comment(rawValue: reason ?? ""), isIntermittent: true) {
            do {
              try await Self.keep(promise, servers)
            } catch {
              Issue.record("\(promise): \(error)")
            }
          } when: {
            reason != nil
          }
        }
      }
    }
  }

  private static func keep(_ promise: EventBrokerContract.Case, _ servers: String) async throws {
    let policy = policy(for: promise)
    var settings: [String: String] = [:]
    if let text = ProcessInfo.processInfo.environment["KAFKA_SESSION"] {
      settings["session.timeout.ms"] = text
      settings["heartbeat.interval.ms"] = "250"
    }
    let all = settings
    let current = Mutex(
      try await KafkaBroker.open(servers, topic: "events", policy: policy, settings: all))
    let failure: (any Error)?
    do {
      try await promise.run(current.withLock { $0 }) {
        await current.withLock { $0 }.abandon()
        let next = try await KafkaBroker.open(servers, topic: "events", policy: policy, settings: all)
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
