import CRdkafka
import Foundation
import Resilience
import Testing

@testable import ResilienceKafka

/// A log that has lost what was committed or read, on librdkafka's mock cluster.
///
/// What waits here polls on the real clock, the only one that librdkafka's threads know; the time limit ends it.
@Suite(.timeLimit(.minutes(2)), .enabled(if: Library.isNewEnough, Library.missing))
struct ShorterLogTests {
  private func event(_ number: Int) throws -> EncodedEvent {
    try EncodedEvent(id: "\(number)", source: "/test", type: "test", subject: "key")
  }

  private func with(
    _ body: (_ cluster: MockCluster, _ broker: KafkaBroker, _ told: Told) async throws -> Void
  ) async throws {
    let cluster = try MockCluster(topic: "events", partitions: 1)
    let told = Told()
    let broker = try await KafkaBroker.open(
      cluster.servers, topic: "events", policy: KafkaBrokerPolicy(partitions: 1, session: .seconds(20)),
      settings: MockCluster.settings, onUnreadable: { told.add($0) })
    do {
      try await body(cluster, broker, told)
    } catch {
      await broker.close()
      throw error
    }
    await broker.close()
    withExtendedLifetime(cluster) {}
  }

  /// Until these have come, for half a minute at most.
  private func receive(_ count: Int, from consumer: any BrokerConsumer) async throws -> [String] {
    let receiving = Task {
      var seen: [String] = []
      while seen.count < count { seen += try await consumer.receive(limit: count).map(\.event.id) }
      return seen
    }
    let alarm = Task {
      try await Task.sleep(for: .seconds(30))
      receiving.cancel()
    }
    defer { alarm.cancel() }
    return try await receiving.value
  }

  /// Also where the commit says that all of what is there now was settled ahead.
  @Test(arguments: [nil, "1 1000"])
  func aConsumerBeginsAnewAtWhatIsThere(metadata: String?) async throws {
    try await with { cluster, broker, told in
      let made = try await RawGroup.make("g", in: broker)
      let group = try RawGroup(RawGroup.id(of: made, in: broker), topic: "events", cluster.servers)
      try group.commit(0, offset: 100, metadata: metadata)
      try await broker.publish(try (1...3).map { try event($0) })
      let consumer = try await broker.join(BrokerGroup("g", start: .oldest))
      #expect(try await receive(3, from: consumer) == ["1", "2", "3"])
      #expect(told.places == ["events/0 begins anew at 0, before what was committed or read"])
      // What follows is counted from there.
      #expect(try #require(try group.progress(of: 0)).base == 0)
    }
  }

  @Test func whatWasSettledAheadIsForgottenWhereTheLogEndsBefore() async throws {
    try await with { cluster, broker, told in
      let made = try await RawGroup.make("g", in: broker)
      let group = try RawGroup(RawGroup.id(of: made, in: broker), topic: "events", cluster.servers)
      // The first is settled, and so are 1000 behind it.
      try group.commit(0, offset: 1, metadata: "1 1000")
      try await broker.publish(try (1...3).map { try event($0) })
      let consumer = try await broker.join(BrokerGroup("g", start: .oldest))
      #expect(try await receive(2, from: consumer) == ["2", "3"])
      #expect(told.places == ["events/0 ends at 3, before what was settled"])
    }
  }

  @Test func aConsumerThatIsAtWorkBeginsAnewToo() async throws {
    try await with { _, broker, told in
      let member = try await broker.core.startMember(of: try await RawGroup.make("g", in: broker))
      let consumer = KafkaConsumer(member, broker.core.producer, broker.core.topics)
      try await broker.publish(try (1...2).map { try event($0) })
      let held = try await consumer.receive(limit: 1)
      #expect(held.map(\.event.id) == ["1"])
      // As librdkafka does where Kafka has nothing any more where the consumer reads on.
      let beginning = PartitionList()
      beginning.add("events", 0, offset: 0)
      let error = rd_kafka_seek_partitions(member.client.handle, beginning.pointer, 5000)
      #expect(error == nil)
      try await broker.publish([try event(3)])
      #expect(try await receive(3, from: consumer) == ["1", "2", "3"])
      #expect(told.places.contains("events/0 begins anew at 0, before what was committed or read"))
      // What was received of the earlier log is stale.
      let stale = try await consumer.settle(held.map { BrokerSettlement($0.receipt, .handled()) })
      #expect(stale == held.map(\.receipt))
    }
  }
}
