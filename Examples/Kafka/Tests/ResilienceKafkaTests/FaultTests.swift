import CRdkafka
import Foundation
import Resilience
import Synchronization
import Testing

@testable import ResilienceKafka

/// On librdkafka's mock cluster, which fails as it is told.
///
/// What waits here polls on the real clock, the only one that librdkafka's threads know; the time limit ends it.
@Suite(.timeLimit(.minutes(5)), .enabled(if: Library.isNewEnough, Library.missing))
struct FaultTests {
  private static let policy = KafkaBrokerPolicy(partitions: 4, session: .seconds(20), timeout: .seconds(3))

  private func event(_ number: Int, of key: String = "key") throws -> EncodedEvent {
    try EncodedEvent(id: "\(number)", source: "/test", type: "test", subject: key)
  }

  private func with(
    _ settings: [String: String] = MockCluster.settings, _ policy: KafkaBrokerPolicy = policy,
    _ body: (MockCluster, KafkaBroker) async throws -> Void
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

  /// Until there are so many.
  private func receive(_ count: Int, from consumer: any BrokerConsumer) async throws -> [BrokerDelivery] {
    var deliveries: [BrokerDelivery] = []
    while deliveries.count < count { deliveries += try await consumer.receive(limit: count) }
    return deliveries
  }

  @Test func errorsOfProducingNeitherLoseNorRepeatNorReorder() async throws {
    try await with { cluster, broker in
      let consumer = try await broker.join(BrokerGroup("g"))
      cluster.fail(
        .produce,
        with: [
          RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
          RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
        ])
      try await broker.publish(try (0..<100).map { try event($0) })
      let deliveries = try await receive(100, from: consumer)
      #expect(deliveries.map(\.event.id) == (0..<100).map { "\($0)" })
    }
  }

  @Test func aCommitThatFailsIsTriedAgain() async throws {
    try await with { cluster, broker in
      let consumer = try await broker.join(BrokerGroup("g"))
      try await broker.publish([try event(1), try event(2)])
      let deliveries = try await receive(2, from: consumer)
      cluster.fail(.commit, with: [RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT, RD_KAFKA_RESP_ERR_UNKNOWN])
      try await consumer.settle([BrokerSettlement(deliveries[0].receipt, .handled())])
      try await consumer.leave()
      let next = try await broker.join(BrokerGroup("g"))
      let again = try await receive(1, from: next)
      #expect(again.map(\.event.id) == ["2"])
      #expect(again.map(\.deliveries) == [1])
    }
  }

  @Test func aBrokerThatIsAwayFailsPublishersInTimeAndConsumersGoOn() async throws {
    // As long as that no session ends.
    try await with([:]) { cluster, broker in
      let consumer = try await broker.join(BrokerGroup("g"))
      try await broker.publish([try event(1)])
      let first = try await receive(1, from: consumer)
      cluster.setUp(false)
      let start = ContinuousClock.now
      await #expect(throws: KafkaError.self) { try await broker.publish([try event(2)]) }
      await #expect(throws: KafkaError.self) {
        try await consumer.settle([BrokerSettlement(first[0].receipt, .handled())])
      }
      await #expect(throws: KafkaError.self) { try await broker.deadLetters() }
      #expect(ContinuousClock.now - start < .seconds(30))
      let id = RawGroup.id(of: try await RawGroup.find("g", in: broker), in: broker)
      cluster.setUp(true)
      let deadline = ContinuousClock.now + .seconds(30)
      // The settlement that had failed is tried again by itself: Kafka has it, and the consumer has no more
      // of it.
      let group = try RawGroup(id, topic: "events", cluster.servers)
      while ContinuousClock.now < deadline {
        let bases = (0..<4).compactMap { try? group.progress(of: $0)?.base }
        if bases.max() ?? 0 > first[0].receipt.position { break }
        try await Task.sleep(for: .milliseconds(50))
      }
      #expect(ContinuousClock.now < deadline, "it is not in Kafka")
      while true {
        do {
          try await broker.publish([try event(3)])
          break
        } catch  where ContinuousClock.now < deadline {}
      }
      var last = ""
      while last != "3" { last = try await receive(1, from: consumer)[0].event.id }
      let stale = try await consumer.settle([BrokerSettlement(first[0].receipt, .handled())])
      #expect(stale == [first[0].receipt])
    }
  }

  @Test func aBrokerThatIsAwayDoesNotHoldUpTheEnd() async throws {
    try await with { cluster, broker in
      let consumer = try await broker.join(BrokerGroup("g"))
      try await broker.publish([try event(1)])
      _ = try await receive(1, from: consumer)
      cluster.setUp(false)
      let start = ContinuousClock.now
      try await consumer.leave()
      await broker.close()
      #expect(ContinuousClock.now - start < .seconds(20))
    }
  }

  /// A window of 5: what is behind it is read once half of it is settled.
  @Test func aPartitionThatWaitsForItsConsumerGoesOn() async throws {
    let cluster = try MockCluster(topic: "events")
    let policy = KafkaBrokerPolicy(partitions: 4, window: 5)
    let broker = try await KafkaBroker.open(
      cluster.servers, topic: "events", policy: policy, settings: MockCluster.settings)
    let consumer = try await broker.join(BrokerGroup("g"))
    try await broker.publish(try (0..<300).map { try event($0) })
    var seen: [String] = []
    while seen.count < 300 {
      let deliveries = try await consumer.receive(limit: 100)
      seen += deliveries.map(\.event.id)
      try await consumer.settle(deliveries.map { BrokerSettlement($0.receipt, .handled()) })
    }
    #expect(seen == (0..<300).map { "\($0)" })
    await broker.close()
    withExtendedLifetime(cluster) {}
  }

  /// As the contract's case `whatIsForLaterSurvivesACrash`, which gives a consumer less time than a rebalance
  /// takes.
  @Test func whatIsForLaterSurvivesTheProcess() async throws {
    let cluster = try MockCluster(topic: "events")
    let first = try await KafkaBroker.open(
      cluster.servers, topic: "events", policy: Self.policy, settings: MockCluster.settings)
    try await first.join(BrokerGroup("g")).leave()
    var later = try event(1)
    let due = CallContext.current.clock.unixTime.advanced(by: .seconds(8))
    later.notBefore = due
    try await first.publish([later, try event(2)])
    await first.abandon()
    let second = try await KafkaBroker.open(
      cluster.servers, topic: "events", policy: Self.policy, settings: MockCluster.settings)
    let consumer = try await second.join(BrokerGroup("g"))
    let early = try await receive(1, from: consumer)
    #expect(early.map(\.event.id) == ["2"])
    try await consumer.settle([BrokerSettlement(early[0].receipt, .handled())])
    let then = try await receive(1, from: consumer)
    #expect(then.map(\.event.id) == ["1"])
    #expect(CallContext.current.clock.unixTime >= due)
    await second.close()
    withExtendedLifetime(cluster) {}
  }

  @Test func aRecordThatIsNoEventIsPassedOverAndTold() async throws {
    let cluster = try MockCluster(topic: "events")
    let told = Mutex<[String]>([])
    let broker = try await KafkaBroker.open(
      cluster.servers, topic: "events", policy: Self.policy, settings: MockCluster.settings
    ) { place in
      told.withLock { $0.append(place) }
    }
    let consumer = try await broker.join(BrokerGroup("g"))
    let producer = try Producer(["bootstrap.servers": cluster.servers], Self.policy)
    _ = try await producer.produce([
      Producer.Record(topic: "events", partition: 2, key: nil, value: Array("no event".utf8))
    ])
    let record = Topics(events: "events", partitions: 4).record(of: try event(1))
    _ = try await producer.produce([
      Producer.Record(topic: "events", partition: 2, key: record.key, value: record.value)
    ])
    #expect(try await receive(1, from: consumer).map(\.event.id) == ["1"])
    #expect(told.withLock { $0 } == ["events/2 at 0"])
    producer.stop()
    await producer.waitUntilStopped()
    await broker.close()
    withExtendedLifetime(cluster) {}
  }

  @Test func aClosedBrokerRefuses() async throws {
    try await with { _, broker in
      let consumer = try await broker.join(BrokerGroup("g"))
      await broker.close()
      await #expect(throws: KafkaError.self) { try await broker.publish([try event(1)]) }
      await #expect(throws: KafkaError.self) { _ = try await broker.join(BrokerGroup("g")) }
      await #expect(throws: BrokerSessionEnded.self) { try await consumer.heartbeat() }
    }
  }

  /// In a process of its own, where no other test has threads.
  @Test func aBrokerThatIsClosedOrDroppedLeavesNoThread() async {
    await #expect(processExitsWith: .success) {
      let cluster = try MockCluster(topic: "events")
      let before = try await Self.threadsOnceTheyHaveStarted()
      let broker = try await KafkaBroker.open(
        cluster.servers, topic: "events", policy: Self.policy, settings: MockCluster.settings)
      let consumer = try await broker.join(BrokerGroup("g"))
      try #require(Self.threads() > before)
      await broker.close()
      try await Self.wait(untilThereAre: before, "after it was closed")
      withExtendedLifetime(consumer) {}
      do {
        let dropped = try await KafkaBroker.open(
          cluster.servers, topic: "events", policy: Self.policy, settings: MockCluster.settings)
        _ = try await dropped.join(BrokerGroup("g"))
      }
      try await Self.wait(untilThereAre: before, "after it was dropped")
      withExtendedLifetime(cluster) {}
    }
  }

  /// A thread takes its name when it has begun, and the system lists one for a moment after it was joined.
  private static func threadsOnceTheyHaveStarted() async throws -> Int {
    var (count, since) = (-1, ContinuousClock.now)
    while count < 1 || ContinuousClock.now - since < .milliseconds(300) {
      if count != threads() { (count, since) = (threads(), .now) }
      try await Task.sleep(for: .milliseconds(20))
    }
    return count
  }

  private static func wait(untilThereAre count: Int, _ moment: Comment) async throws {
    let deadline = ContinuousClock.now + .seconds(20)
    while threads() != count, ContinuousClock.now < deadline {
      try await Task.sleep(for: .milliseconds(20))
    }
    try #require(threads() == count, moment)
  }

  /// librdkafka's.
  private static func threads() -> Int {
    (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task"))?.filter { task in
      let name = try? String(contentsOfFile: "/proc/self/task/\(task)/comm", encoding: .utf8)
      return name?.hasPrefix("rdk:") ?? false
    }.count ?? -1
  }

  @Test(arguments: ["", "two words", "sh\0p", "ümlaut", String(repeating: "x", count: 243)])
  func aNameThatIsNoTopicsIsRefused(name: String) async throws {
    let error = await #expect(throws: KafkaError.self) {
      _ = try await KafkaBroker.open("127.0.0.1:1", topic: name)
    }
    #expect(error?.reason == .invalidTopic)
  }

  @Test func aPlaceWithoutKafkaIsAnErrorInTime() async throws {
    let policy = KafkaBrokerPolicy(timeout: .milliseconds(500))
    let start = ContinuousClock.now
    await #expect(throws: KafkaError.self) {
      _ = try await KafkaBroker.open("127.0.0.1:1", topic: "events", policy: policy)
    }
    #expect(ContinuousClock.now - start < .seconds(10))
    await #expect(throws: KafkaError.self) {
      _ = try await KafkaBroker.open("127.0.0.1:1", topic: "events", settings: ["no.such.setting": "1"])
    }
  }
}
