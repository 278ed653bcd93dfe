import Resilience
import Testing

@testable import ResilienceKafka

@Suite(.timeLimit(.minutes(3)), .enabled(if: Library.isNewEnough, Library.missing))
struct FullPartitionTests {
  private func event(_ number: Int, bytes: Int = 1) throws -> EncodedEvent {
    try EncodedEvent(
      id: "\(number)", source: "/test", type: "test", subject: "key \(number)",
      data: [UInt8](repeating: 255, count: bytes))
  }

  private func with(window: Int = 1000, _ body: (KafkaBroker) async throws -> Void) async throws {
    let cluster = try MockCluster(topic: "events")
    let policy = KafkaBrokerPolicy(partitions: 4, window: window, session: .seconds(20))
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

  /// Receives and settles until these are handled, for a minute at most.
  private func handle(_ count: Int, from consumer: any BrokerConsumer) async throws -> Set<String> {
    let receiving = Task { () -> Set<String> in
      var handled: Set<String> = []
      while handled.count < count {
        do {
          let deliveries = try await consumer.receive(limit: 10)
          try await consumer.settle(deliveries.map { BrokerSettlement($0.receipt, .handled()) })
          handled.formUnion(deliveries.map(\.event.id))
        } catch is CancellationError {
          break
        }
      }
      return handled
    }
    let alarm = Task {
      try await Task.sleep(for: .seconds(60))
      receiving.cancel()
    }
    defer { alarm.cancel() }
    return try await receiving.value
  }

  @Test func aPartitionThatWasFullGoesOnWhenItComesBack() async throws {
    try await with(window: 2) { broker in
      let first = try await broker.join(BrokerGroup("g"))
      try await broker.publish(try (0..<40).map { try event($0) })
      // It has read as much of each partition as it may.
      let one = try #require(try await first.receive(limit: 1).first)
      try await first.settle([BrokerSettlement(one.receipt, .returned(deliveries: 0))])
      // It reads on a thread of its own, and nobody is told when it stops.
      try await Task.sleep(for: .seconds(1))
      // Some of them go to another one, and come back.
      let second = try await broker.join(BrokerGroup("g"))
      try await second.leave()
      #expect(try await handle(40, from: first) == Set((0..<40).map { "\($0)" }))
    }
  }

  @Test func aReceiptThatIsThereTwiceIsSettledOnce() async throws {
    try await with { broker in
      let consumer = try await broker.join(BrokerGroup("g"))
      try await broker.publish([try event(1)])
      let receipt = try #require(try await consumer.receive(limit: 1).first).receipt
      let stale = try await consumer.settle([
        BrokerSettlement(receipt, .handled(publishing: [try event(2)])),
        BrokerSettlement(receipt, .handled(publishing: [try event(3)])),
      ])
      #expect(stale == [receipt])
      try await broker.publish([try event(4)])
      #expect(try await handle(2, from: consumer) == ["2", "4"])
    }
  }

  @Test func anEventThatIsLongHasADeadLetterThatIsLonger() async throws {
    try await with { broker in
      let consumer = try await broker.join(BrokerGroup("g"))
      // Of Base64 with slashes only, which a text in JSON has with a backslash each.
      try await broker.publish([try event(1, bytes: 500_000)])
      let delivery = try #require(try await consumer.receive(limit: 1).first)
      let death = DeadLetter.Death(
        reason: .poison, lastError: nil, deliveries: 1, time: UnixTime(nanoseconds: 0))
      try await consumer.settle([BrokerSettlement(delivery.receipt, .deadLettered(death, history: []))])
      let letters = try await broker.deadLetters(of: "g", after: nil, limit: 10)
      #expect(letters.map { $0.event.json() } == [delivery.event.json()])
    }
  }
}
