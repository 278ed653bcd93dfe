import CRdkafka
import Foundation
import Resilience
import Synchronization
import Testing

@testable import ResilienceKafka

/// What happens to a consumer while its callers wait, on librdkafka's mock cluster.
///
/// What waits here polls on the real clock, the only one that librdkafka's threads know; the time limit ends it.
@Suite(.timeLimit(.minutes(2)), .enabled(if: Library.isNewEnough, Library.missing))
struct MemberFaultTests {
  private func event(_ number: Int) throws -> EncodedEvent {
    try EncodedEvent(id: "\(number)", source: "/test", type: "test", subject: "key")
  }

  private func with(
    _ policy: KafkaBrokerPolicy = KafkaBrokerPolicy(partitions: 4, session: .seconds(20)),
    settings: [String: String] = MockCluster.settings,
    _ body: (_ cluster: MockCluster, _ broker: KafkaBroker) async throws -> Void
  ) async throws {
    let cluster = try MockCluster(topic: "events")
    let broker = try await KafkaBroker.open(
      cluster.servers, topic: "events", policy: policy, settings: settings)
    do {
      try await body(cluster, broker)
    } catch {
      await broker.close()
      throw error
    }
    await broker.close()
    withExtendedLifetime(cluster) {}
  }

  /// Its partition goes while what it publishes is under way: others get the event.
  @Test func whatIsLostWhileItIsSettledIsStale() async throws {
    try await with { cluster, broker in
      let consumer = try await broker.join(BrokerGroup("g"))
      try await broker.publish([try event(1)])
      let held = try #require(try await consumer.receive(limit: 1).first)
      // Tried again for about 1.5 s, while the next heartbeat, of four in a second, ends the session.
      cluster.fail(.produce, with: Array(repeating: RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT, count: 5))
      cluster.fail(.heartbeat, with: [RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID])
      let stale = try await consumer.settle([
        BrokerSettlement(held.receipt, .handled(publishing: [try event(2)]))
      ])
      #expect(stale == [held.receipt])
      let again = try await consumer.receive(limit: 1)
      #expect(again.map(\.event.id) == ["1"])
    }
  }

  @Test func oneThatKafkaDoesNotLetInIsTold() async throws {
    try await with { cluster, broker in
      cluster.fail(.join, with: Array(repeating: RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, count: 2))
      let consumer = try await broker.join(BrokerGroup("g"))
      let error = await #expect(throws: KafkaError.self) { _ = try await consumer.receive(limit: 1) }
      #expect(error?.detail.contains("authorization") ?? false)
      // Kafka is asked again and again, and lets it in in the end.
      try await broker.publish([try event(1)])
      let deadline = ContinuousClock.now + .seconds(60)
      var received: [BrokerDelivery] = []
      while received.isEmpty, ContinuousClock.now < deadline {
        do {
          received = try await consumer.receive(limit: 1)
        } catch is KafkaError {
          try await Task.sleep(for: .milliseconds(50))
        }
      }
      #expect(received.map(\.event.id) == ["1"])
    }
  }

  /// As after a loss in Kafka: librdkafka's idempotent producer takes nothing any more.
  @Test func aProducerThatIsBrokenForGoodIsMadeAnew() async throws {
    try await with { _, broker in
      let consumer = try await broker.join(BrokerGroup("g"))
      _ = broker.core.producer.withClient {
        rd_kafka_test_fatal_error($0.handle, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, "a test")
      }
      let deadline = ContinuousClock.now + .seconds(20)
      var isPublished = false
      while !isPublished, ContinuousClock.now < deadline {
        do {
          try await broker.publish([try event(1)])
          isPublished = true
        } catch is KafkaError {
          try await Task.sleep(for: .milliseconds(20))
        }
      }
      try #require(isPublished)
      #expect(try await consumer.receive(limit: 1).map(\.event.id) == ["1"])
    }
  }

  @Test(arguments: [Duration.seconds(600), .seconds(100_000)])
  func aSessionMayBeLong(session: Duration) async throws {
    try await with(KafkaBrokerPolicy(partitions: 4, session: session), settings: [:]) { _, broker in
      _ = try await broker.join(BrokerGroup("g"))
    }
  }

  /// As when another process removes it between the look for it and the beginning of the session.
  @Test func oneOfAGroupThatWasRemovedMeanwhileIsRefused() async throws {
    try await with { _, broker in
      try await broker.join(BrokerGroup("g")).leave()
      let group = try await RawGroup.find("g", in: broker)
      try await broker.removeGroup("g")
      await #expect(throws: BrokerGroupMissing.self) { _ = try await broker.core.startMember(of: group) }
    }
  }

  @Test func aLedgerThatBeginsAnewIsReadAnew() async throws {
    try await with { cluster, broker in
      let consumer = try await broker.join(BrokerGroup("g"))
      try await broker.publish([try event(1)])
      let held = try #require(try await consumer.receive(limit: 1).first)
      let death = DeadLetter.Death(
        reason: .poison, lastError: nil, deliveries: 1, time: UnixTime(nanoseconds: 0))
      try await consumer.settle([BrokerSettlement(held.receipt, .deadLettered(death, history: []))])
      let letters = try await broker.deadLetters(of: "g", after: nil, limit: 10)
      #expect(letters.map(\.event.id) == ["1"])
      // Both the ledger and the consumer fetch.
      cluster.fail(.fetch, with: Array(repeating: RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE, count: 6))
      let deadline = ContinuousClock.now + .seconds(20)
      var isEnded = false
      while !isEnded, ContinuousClock.now < deadline {
        do { try await consumer.heartbeat() } catch is BrokerSessionEnded { isEnded = true }
        try await Task.sleep(for: .milliseconds(50))
      }
      #expect(isEnded, "whoever follows a group that may be gone is told")
      #expect(try await broker.deadLetters(of: "g", after: nil, limit: 10).map(\.id) == letters.map(\.id))
      try await broker.publish([try event(2)])
      let next = try await broker.join(BrokerGroup("g"))
      var seen: [String] = []
      while seen.last != "2" { seen += try await next.receive(limit: 1).map(\.event.id) }
    }
  }
}
