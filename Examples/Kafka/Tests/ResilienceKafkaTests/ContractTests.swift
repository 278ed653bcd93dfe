import Foundation
import Resilience
import Synchronization
import Testing

@testable import ResilienceKafka

/// All promises but one, each on librdkafka's mock cluster or on Tansu, most of them on both.
@Suite(.timeLimit(.minutes(5)))
struct ContractTests {
  private static let atOnce = 8

  /// Neither plays it as Kafka does: a consumer joins while others keep what they hold, without end. The mock
  /// cluster goes on without them, and a group of Tansu's hangs.
  private static let onNeither: Set = ["leavingAndGivingBackDuringRedeliveryLosesNothing"]

  /// A consumer comes while another one holds what is to move. The mock cluster refuses it when its
  /// `SyncGroup` comes behind the leader's, begins anew, and goes on without those that have not answered.
  private static let onTansuOnly: Set = [
    "aKeyMovesOnceNothingOfItIsUnsettled", "aHeartbeatKeepsWhatIsHeld", "consumersShareTheKeys",
    "aPartitionKeyComesBeforeTheSubject",
  ]

  /// What a consumer holds of a partition that is to move holds up the rest of it, and these settle nothing
  /// then: their consumers must be in before. `join` waits longer where sessions are longer.
  private static let settlingNothing: Set = [
    "aKeyMovesOnceNothingOfItIsUnsettled", "consumersShareTheKeys", "aPartitionKeyComesBeforeTheSubject",
  ]

  private static let hurried =
    "It gives a consumer 3 s to come in, as long as Kafka itself waits for others of a new group."

  private static let wrongEnd = "Tansu says now and then that a partition ends one record before its end."

  @Test(.enabled(if: Library.isNewEnough, Library.missing))
  func keepsThePromisesOnTheMockCluster() async throws {
    let cluster = try MockCluster(topic: "events", partitions: 6)
    try await keepAll(
      cluster.servers, settings: MockCluster.settings, except: Self.onNeither.union(Self.onTansuOnly),
      sometimes: [
        "whatIsForLaterSurvivesACrash": Self.hurried,
        "whatADeadConsumerHeldIsTakenOver": "As those on Tansu only; but there its counts are not kept.",
      ])
    withExtendedLifetime(cluster) {}
  }

  @Test(.enabled(if: Library.isNewEnough && TansuServer.executable != nil, TansuServer.missing))
  func keepsThePromisesOnTansu() async throws {
    try await TansuServer.with { server in
      try await keepAll(
        server.servers, settings: TansuServer.settings, except: Self.onNeither,
        sometimes: [
          "whatIsForLaterSurvivesACrash": Self.hurried, "aRemovedGroupIsGone": Self.wrongEnd,
          "aGroupBeginsNow": Self.wrongEnd,
        ],
        // Tansu 0.6 does not keep the metadata of a commit, where the counts are and what is settled ahead.
        never: [
          "whatWasNotSettledComesAgainBeforeWhatFollows": "[1, 2, 3, 4] came",
          "aDeadLetterIsKeptWithItsReason": "it counts 0",
          "whatADeadConsumerHeldIsTakenOver": "they count [0, 0]",
          "aConsumerThatWaitsTakesOver": "with the counts [[0], [0]]",
          "whatWasSettledStaysSettledAfterACrash": "after a crash [1, 2, 3",
          "whatEndsTheProcessIsCounted": "0 of 1 count",
        ])
    }
  }

  /// Several at once: each has groups and types of its own, and the others are users that it must not mind.
  ///
  /// - Parameters:
  ///   - sometimes: Not always kept, and why.
  ///   - never: Not kept, and how that shows.
  private func keepAll(
    _ servers: String, settings: [String: String] = [:], except left: Set<String>,
    sometimes: [String: String], never: [String: String] = [:]
  ) async throws {
    let all = EventBrokerContract.cases
    #expect(all.count >= 40)
    #expect(left.union(sometimes.keys).union(never.keys).isSubset(of: all.map(\.name)))
    await withTaskGroup(of: Void.self) { tasks in
      for (index, promise) in all.filter({ !left.contains($0.name) }).enumerated() {
        if index >= Self.atOnce { await tasks.next() }
        tasks.addTask {
          let violation = await Self.violation(of: promise, servers, settings)
          let isKnown =
            sometimes[promise.name] != nil
            || never[promise.name].map { violation?.contains($0) ?? false } ?? false
          guard isKnown || never[promise.name] != nil || violation != nil else { return }
          withKnownIssue("\(sometimes[promise.name] ?? "")", isIntermittent: sometimes[promise.name] != nil) {
            if let violation { Issue.record("\(promise): \(violation)") }
          } when: {
            isKnown
          }
          if never[promise.name] != nil, violation == nil { Issue.record("\(promise) is kept: tell so") }
        }
      }
    }
  }

  private static func violation(
    of promise: EventBrokerContract.Case, _ servers: String, _ settings: [String: String]
  ) async -> String? {
    let session = Self.settlingNothing.contains(promise.name) ? 20 : 6
    let policy = KafkaBrokerPolicy(partitions: 6, session: .seconds(session))
    @Sendable func open() async throws -> KafkaBroker {
      try await KafkaBroker.open(servers, topic: "events", policy: policy, settings: settings)
    }
    do {
      let current = Mutex(try await open())
      var failure: String?
      do {
        try await promise.run(current.withLock { $0 }) {
          await current.withLock { $0 }.abandon()
          let next = try await open()
          current.withLock { $0 = next }
          return next
        }
      } catch {
        failure = "\(error)"
      }
      await current.withLock { $0 }.close()
      return failure
    } catch {
      return "\(error)"
    }
  }
}
