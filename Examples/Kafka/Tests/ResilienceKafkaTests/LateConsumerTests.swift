import CRdkafka
import Resilience
import Testing

@testable import ResilienceKafka

/// Consumers that come into Kafka's group when they receive, on librdkafka's mock cluster.
@Suite(.timeLimit(.minutes(1)), .enabled(if: Library.isNewEnough, Library.missing))
struct LateConsumerTests {
  private func with(_ body: (KafkaBroker) async throws -> Void) async throws {
    let cluster = try MockCluster(topic: "events")
    let policy = KafkaBrokerPolicy(
      partitions: 4, session: .seconds(20), timeout: .seconds(3), joinsWhenReceiving: true)
    let broker = try await KafkaBroker.open(
      cluster.servers, topic: "events", policy: policy, settings: MockCluster.settings)
    do {
      try await body(broker)
    } catch {
      await broker.close()
      throw error
    }
    await broker.close()
    withExtendedLifetime(cluster) {}
  }

  private func events(_ numbers: Range<Int>) throws -> [EncodedEvent] {
    try numbers.map { try EncodedEvent(id: "\($0)", source: "/test", type: "test", subject: "key \($0)") }
  }

  @Test func whoDoesNotReceiveHasNoPartition() async throws {
    try await with { broker in
      let idle = try await broker.join(BrokerGroup("g"))
      let consumer = try await broker.join(BrokerGroup("g"))
      try await broker.publish(try events(0..<20))
      var deliveries: [BrokerDelivery] = []
      while deliveries.count < 20 { deliveries += try await consumer.receive(limit: 20) }
      let settlements = deliveries.map { BrokerSettlement($0.receipt, .handled()) }
      try await idle.heartbeat()
      #expect(try await idle.settle(settlements) == deliveries.map(\.receipt))
      #expect(try await consumer.settle(settlements).isEmpty)
      try await idle.leave()
      try await consumer.leave()
    }
  }

  @Test func aGroupIsThereWhenItsConsumerHasNeverReceived() async throws {
    try await with { broker in
      try await broker.publish(try events(0..<1))
      try await broker.join(BrokerGroup("g", start: .now)).leave()
      try await broker.publish(try events(1..<2))
      let consumer = try await broker.join(BrokerGroup("g", start: .now))
      #expect(try await consumer.receive(limit: 2).map(\.event.id) == ["1"])
      try await consumer.leave()
    }
  }

  @Test func aSessionThatHasEndedBeforeItBeganIsTold() async throws {
    try await with { broker in
      let removed = try await broker.join(BrokerGroup("g"))
      try await broker.removeGroup("g")
      await #expect(throws: BrokerSessionEnded.self) { try await removed.receive(limit: 1) }
      let closed = try await broker.join(BrokerGroup("g"))
      await broker.close()
      await #expect(throws: BrokerSessionEnded.self) { try await closed.receive(limit: 1) }
    }
  }

  @Test func aConsumerThatHasLeftComesInNoMore() async throws {
    try await with { broker in
      try await broker.publish(try events(0..<1))
      let left = try await broker.join(BrokerGroup("g", start: .oldest))
      try await left.leave()
      await #expect(throws: BrokerSessionEnded.self) { try await left.receive(limit: 1) }
      await #expect(throws: BrokerSessionEnded.self) { try await left.heartbeat() }
    }
  }

  @Test func anErrorSaysWhetherKafkaHasLostWhatItHad() {
    let reasons: [(rd_kafka_resp_err_t, KafkaError.Reason)] = [
      (RD_KAFKA_RESP_ERR__FATAL, .lost), (RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, .lost),
      (RD_KAFKA_RESP_ERR_UNKNOWN_PRODUCER_ID, .lost), (RD_KAFKA_RESP_ERR__MSG_TIMED_OUT, .timedOut),
      (RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, .failed),
    ]
    for (code, reason) in reasons { #expect(KafkaError(code, "produce").reason == reason) }
  }
}
