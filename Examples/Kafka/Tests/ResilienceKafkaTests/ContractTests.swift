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

  /// It publishes for 3 s later, and a consumer is to have come in before: as long as Kafka itself waits for
  /// others of a new group. It has four times that, and a topic whose keepers all have its clock.
  private static let hurried: Set = ["whatIsForLaterSurvivesACrash"]

  /// A promise that is not kept: it fails so, and in no other way.
  private struct Broken {
    let why: Comment
    /// What the violation says, to the letter.
    let details: [String]
    var isAlways = true

    func explains(_ error: (any Error)?) -> Bool {
      (error as? BrokerContractViolation).map { details.contains($0.detail) } ?? false
    }
  }

  private static let onTheMockCluster = [
    "whatADeadConsumerHeldIsTakenOver": Broken(
      why: "It begins anew, and goes on without one that has not answered; what that took over is stale.",
      details: ["2 receipts of this moment are stale"], isAlways: false)
  ]

  private static let wrongEnd: Comment =
    "Tansu says now and then that a partition ends one record before its end."
  private static let noMetadata: Comment =
    "Tansu keeps no metadata of a commit, where the counts are and what is settled ahead."

  private static let onTansu = [
    "aGroupBeginsNow": Broken(
      why: wrongEnd, details: ["of what was published later [1] came, not [2]"], isAlways: false),
    "aRemovedGroupIsGone": Broken(
      why: wrongEnd,
      details: [
        "of what was there before the group was removed [2] came",
        "in a new group of the same name [2] came, not [3]",
      ], isAlways: false),
    "whatWasNotSettledComesAgainBeforeWhatFollows": Broken(
      why: noMetadata,
      details: ["after the first consumer has left [1, 2, 3, 4] came, not [1, 3, 4, 5]"]),
    "aDeadLetterIsKeptWithItsReason": Broken(why: noMetadata, details: ["it counts 0"]),
    "whatADeadConsumerHeldIsTakenOver": Broken(why: noMetadata, details: ["they count [0, 0]"]),
    "aConsumerThatWaitsTakesOver": Broken(
      why: noMetadata, details: ["the two consumers have it with the counts [[0], [0]]"]),
    "whatWasSettledStaysSettledAfterACrash": Broken(
      why: noMetadata,
      details: [
        "after a crash \(Array(1...14)) came, not \((0...20).filter { $0 == 20 || $0 % 3 != 0 })"
      ]),
    "whatEndsTheProcessIsCounted": Broken(why: noMetadata, details: ["0 of 1 count"]),
  ]

  @Test(.enabled(if: Library.isNewEnough, Library.missing))
  func keepsThePromisesOnTheMockCluster() async throws {
    let cluster = try MockCluster(topic: "events", partitions: 6)
    cluster.add(topic: "slow", partitions: 6)
    await keepAll(
      cluster.servers, settings: MockCluster.settings, except: Self.onNeither.union(Self.onTansuOnly),
      broken: Self.onTheMockCluster)
    withExtendedLifetime(cluster) {}
  }

  @Test(.enabled(if: Library.isNewEnough && TansuServer.executable != nil, TansuServer.missing))
  func keepsThePromisesOnTansu() async throws {
    try await TansuServer.with { server in
      await keepAll(
        server.servers, settings: TansuServer.settings, except: Self.onNeither, broken: Self.onTansu)
    }
  }

  /// Several at once: each has groups and types of its own, and the others are users that it must not mind.
  private func keepAll(
    _ servers: String, settings: [String: String] = [:], except left: Set<String>, broken: [String: Broken]
  ) async {
    let all = EventBrokerContract.cases
    #expect(all.count >= 40)
    #expect(left.union(broken.keys).union(Self.hurried).isSubset(of: all.map(\.name)))
    await withTaskGroup(of: Void.self) { tasks in
      for (index, promise) in all.filter({ !left.contains($0.name) }).enumerated() {
        if index >= Self.atOnce { await tasks.next() }
        tasks.addTask {
          let clock: any ResilienceClock = Self.hurried.contains(promise.name) ? SlowClock() : .system
          await CallContext.withEnvironment(CallEnvironment(clock: clock)) {
            Self.judge(await Self.failure(of: promise, servers, settings), of: promise, broken[promise.name])
          }
        }
      }
    }
  }

  private static func judge(
    _ failure: (any Error)?, of promise: EventBrokerContract.Case, _ broken: Broken?
  ) {
    guard let failure else {
      if broken?.isAlways ?? false { Issue.record("\(promise) is kept: tell so") }
      return
    }
    guard let broken, broken.explains(failure) else {
      Issue.record("\(promise): \(failure)")
      return
    }
    withKnownIssue(broken.why) { Issue.record("\(failure)") }
  }

  private static func failure(
    of promise: EventBrokerContract.Case, _ servers: String, _ settings: [String: String]
  ) async -> (any Error)? {
    let session = Self.settlingNothing.contains(promise.name) ? 20 : 6
    let policy = KafkaBrokerPolicy(partitions: 6, session: .seconds(session))
    let topic = Self.hurried.contains(promise.name) ? "slow" : "events"
    @Sendable func open() async throws -> KafkaBroker {
      try await KafkaBroker.open(servers, topic: topic, policy: policy, settings: settings)
    }
    do {
      let current = Mutex(try await open())
      var failure: (any Error)?
      do {
        try await promise.run(current.withLock { $0 }) {
          await current.withLock { $0 }.abandon()
          let next = try await open()
          current.withLock { $0 = next }
          return next
        }
      } catch {
        failure = error
      }
      await current.withLock { $0 }.close()
      return failure
    } catch {
      return error
    }
  }
}
