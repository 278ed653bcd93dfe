import Resilience
import Testing

@testable import ResilienceKafka

/// Events for later while processes come and go, on librdkafka's mock cluster.
///
/// What waits here polls on the real clock, the only one that librdkafka's threads know; the time limit ends it.
@Suite(.timeLimit(.minutes(2)), .enabled(if: Library.isNewEnough, Library.missing))
struct KeeperChangeTests {
  private static let policy = KafkaBrokerPolicy(partitions: 4, session: .seconds(20))

  private func event(_ number: Int, dueIn delay: Duration) throws -> EncodedEvent {
    var event = try EncodedEvent(id: "\(number)", source: "/test", type: "test", subject: "key")
    event.notBefore = CallContext.current.clock.unixTime.advanced(by: delay)
    return event
  }

  private func open(_ cluster: MockCluster) async throws -> KafkaBroker {
    try await KafkaBroker.open(
      cluster.servers, topic: "events", policy: Self.policy, settings: MockCluster.settings)
  }

  /// Whatever it wrote about its clock: it goes by none but that of who waits.
  @Test func aKeeperThatHasDiedHoldsUpWhatIsForLaterForSomeSeconds() async throws {
    let cluster = try MockCluster(topic: "events")
    let broker = try await open(cluster)
    let consumer = try await broker.join(BrokerGroup("g"))
    let claim = StoredKeeper(holder: "dead", term: 7, written: .max, isGivenUp: false)
    try await broker.core.ledger.write([broker.core.topics.ledgerRecord("keeper", claim.storedBytes)])
    let start = ContinuousClock.now
    try await broker.publish([try event(1, dueIn: .milliseconds(100))])
    #expect(try await consumer.receive(limit: 1).map(\.event.id) == ["1"])
    let waited = ContinuousClock.now - start
    #expect(waited > .milliseconds(2500), "it did not wait for the keeper")
    #expect(waited < .seconds(30))
    await broker.close()
    withExtendedLifetime(cluster) {}
  }

  @Test func aKeeperThatClosesLeavesNothingToBeReleasedTwice() async throws {
    let cluster = try MockCluster(topic: "events")
    let first = try await open(cluster)
    try await first.publish((0..<600).map { try event($0, dueIn: .milliseconds(50 + 10 * $0)) })
    let second = try await open(cluster)
    let consumer = try await second.join(BrokerGroup("g", start: .oldest))
    var seen: [String] = []
    var isClosed = false
    while seen.count < 600 {
      let deliveries = try await consumer.receive(limit: 50)
      seen += deliveries.map(\.event.id)
      try await consumer.settle(deliveries.map { BrokerSettlement($0.receipt, .handled()) })
      guard seen.count >= 300, !isClosed else { continue }
      isClosed = true
      // What the keeper releases is under way for a while.
      cluster.setRoundTrip(milliseconds: 100)
      try await Task.sleep(for: .milliseconds(100))
      await first.close()
      cluster.setRoundTrip(milliseconds: 0)
    }
    #expect(seen == (0..<600).map { "\($0)" })
    await second.close()
    withExtendedLifetime(cluster) {}
  }
}
