import AsyncHTTPClient
import Hummingbird
import NIOCore
import Resilience
import Synchronization
import Testing

@testable import ResilienceHub

/// What arrives when answers do not.
@Suite(.timeLimit(.minutes(2))) struct DeliveryTests {
  /// Does what it is asked for, and loses two of three answers.
  private struct LosingAnswers<Context: RequestContext>: RouterMiddleware {
    let count: Counter

    func handle(
      _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
      let response = try await next(request, context)
      guard request.uri.path.hasSuffix(HubPath.receive), count.next() % 3 != 0 else { return response }
      return Response(status: .badGateway)
    }
  }

  private final class Counter: Sendable {
    private let value = Mutex(0)

    func next() -> Int {
      value.withLock { value in
        value += 1
        return value
      }
    }
  }

  private func event(_ number: Int, data: [UInt8]? = nil) throws -> EncodedEvent {
    try EncodedEvent(id: "\(number)", source: "/test", type: "test", subject: "key", data: data)
  }

  /// - Throws: `TimedOut` when nothing comes.
  private func receive(_ count: Int, from consumer: any BrokerConsumer, atOnce: Int = 7) async throws
    -> [BrokerDelivery]
  {
    let receive = ServiceCall("receive") { (limit: Int) in try await consumer.receive(limit: limit) }
      .timeout(.seconds(20))
    var deliveries: [BrokerDelivery] = []
    while deliveries.count < count {
      do {
        deliveries += try await receive(min(atOnce, count - deliveries.count))
      } catch is RemoteError {}
    }
    return deliveries
  }

  @Test func whatWasHandedOutToACallThatWasNotAnsweredComesOnce() async throws {
    let router = Router()
    router.add(middleware: LosingAnswers(count: Counter()))
    router.addHub(Hub(broker: MemoryBroker()))
    try await withServer(router) { port in
      let broker = RemoteBroker(at: "http://127.0.0.1:\(port)/hub")
      let consumer = try await broker.join(BrokerGroup("g"))
      try await broker.publish(try (0..<100).map { try event($0) })
      let deliveries = try await receive(100, from: consumer)
      #expect(deliveries.map(\.event.id) == (0..<100).map(String.init))
      #expect(deliveries.allSatisfy { $0.deliveries == 0 })
      let stale = try await consumer.settle(deliveries.map { BrokerSettlement($0.receipt, .handled()) })
      #expect(stale.isEmpty)
      try await consumer.leave()
    }
  }

  /// It was not handed out to anybody, so it does not count.
  @Test func whatDidNotArriveBeforeAConsumerLeftDoesNotCount() async throws {
    let memory = MemoryBroker()
    let router = Router()
    router.add(middleware: LosingAnswers(count: Counter()))
    router.addHub(Hub(broker: memory))
    try await withServer(router) { port in
      let broker = RemoteBroker(at: "http://127.0.0.1:\(port)/hub")
      let consumer = try await broker.join(BrokerGroup("g"))
      try await broker.publish([try event(1)])
      await #expect(throws: RemoteError.self) { _ = try await consumer.receive(limit: 1) }
      try await consumer.leave()
      let again = try await memory.join(BrokerGroup("g")).receive(limit: 1)
      #expect(again.map(\.deliveries) == [0])
    }
  }

  @Test func largeEventsComeInSeveralAnswersAndAreSettledInSeveralRequests() async throws {
    try await withHub(Hub(broker: MemoryBroker(), maxBodyBytes: 4096)) { endpoint in
      let broker = RemoteBroker(at: endpoint, maxBodyBytes: 4096)
      let consumer = try await broker.join(BrokerGroup("g", filter: .type("test")))
      let other = try await broker.join(BrokerGroup("other", filter: .type("made")))
      let data = [UInt8](repeating: 7, count: 1000)
      for number in 0..<20 { try await broker.publish([try event(number, data: data)]) }
      let deliveries = try await receive(20, from: consumer, atOnce: 100)
      #expect(deliveries.map(\.event.id) == (0..<20).map(String.init))
      let made = try deliveries.map { delivery in
        BrokerSettlement(
          delivery.receipt,
          .handled(publishing: [
            try EncodedEvent(id: delivery.event.id, source: "/test", type: "made", data: data)
          ]))
      }
      #expect(try await consumer.settle(made).isEmpty)
      #expect(try await receive(20, from: other, atOnce: 100).count == 20)
    }
  }

  /// It would be too large each time: its event is a dead letter, and what came with it is settled.
  @Test func aSettlementThatIsTooLargeHoldsNoneBackAndIsGivenUp() async throws {
    try await withHub(Hub(broker: MemoryBroker(), maxBodyBytes: 4096)) { endpoint in
      // It takes the hub for one that takes more, so that all are one request at first.
      let broker = RemoteBroker(at: endpoint)
      let consumer = try await broker.join(BrokerGroup("g", filter: .type("test")))
      let other = try await broker.join(BrokerGroup("other", filter: .type("made")))
      try await broker.publish(try (0..<5).map { try event($0) })
      let settlements = try await receive(5, from: consumer).map { delivery in
        let size = delivery.event.id == "2" ? 5000 : 500
        let made = try EncodedEvent(
          id: delivery.event.id, source: "/test", type: "made", data: [UInt8](repeating: 7, count: size))
        return BrokerSettlement(delivery.receipt, .handled(publishing: [made]))
      }
      let error = await #expect(throws: RemoteError.self) { try await consumer.settle(settlements) }
      #expect(error?.status == 413 && error?.pushback == .doNotRetry)
      #expect(Set(try await receive(4, from: other).map(\.event.id)) == ["0", "1", "3", "4"])
      let letters = try await broker.deadLetters()
      #expect(letters.map(\.event.id) == ["2"])
      #expect(letters.first?.death.reason == .poison)
      #expect(letters.first?.death.lastError == error?.description)
      // Whoever settles again, as a bus does, is done.
      #expect(try await consumer.settle(settlements).count == 5)
    }
  }

  @Test func aDeadLetterWhoseHistoryIsTooLargeIsKeptWithoutIt() async throws {
    try await withHub(Hub(broker: MemoryBroker(), maxBodyBytes: 4096)) { endpoint in
      let broker = RemoteBroker(at: endpoint)
      let consumer = try await broker.join(BrokerGroup("g"))
      try await broker.publish([try event(1)])
      let receipt = try await receive(1, from: consumer)[0].receipt
      let death = DeadLetter.Death(
        reason: .exhausted(deliveries: 3), lastError: String(repeating: "no ", count: 2000), deliveries: 3,
        time: UnixTime(nanoseconds: 7))
      let settlement = BrokerSettlement(receipt, .deadLettered(death, history: [death]))
      await #expect(throws: RemoteError.self) { try await consumer.settle([settlement]) }
      let letter = try #require(try await broker.deadLetters().first)
      #expect(letter.death.reason == death.reason && letter.death.deliveries == 3 && letter.history.isEmpty)
      #expect(try await consumer.settle([settlement]) == [receipt])
    }
  }

  @Test func aPublicationThatIsTooLargeIsRefusedOnce() async throws {
    try await withHub(Hub(broker: MemoryBroker(), maxBodyBytes: 4096)) { endpoint in
      let broker = RemoteBroker(at: endpoint)
      let large = try event(1, data: [UInt8](repeating: 7, count: 5000))
      let error = await #expect(throws: RemoteError.self) { try await broker.publish([large]) }
      #expect(error?.status == 413)
      #expect(error?.pushback == .doNotRetry)
      #expect(error?.message == "a body of more than 4096 bytes")
    }
  }

  @Test func errorsComeAsWhatTheyAre() async throws {
    try await withHub(Hub(broker: MemoryBroker(capacity: 3))) { endpoint in
      let broker = RemoteBroker(at: endpoint)
      let consumer = try await broker.join(BrokerGroup("g", filter: .type("test")))
      try await broker.publish(try (0..<3).map { try event($0) })
      await #expect(throws: BrokerFull(capacity: 3)) { try await broker.publish([try event(4)]) }
      await #expect(
        throws: BrokerGroupConflict(group: "g", present: .type("test"), requested: .prefix("t"))
      ) { _ = try await broker.join(BrokerGroup("g", filter: .prefix("t"))) }
      let delivery = try await receive(1, from: consumer, atOnce: 1)[0]
      let death = DeadLetter.Death(
        reason: .exhausted(deliveries: 3), lastError: "ä\n", deliveries: 3, time: UnixTime(nanoseconds: 7))
      try await consumer.settle([
        BrokerSettlement(delivery.receipt, .deadLettered(death, history: [death, death]))
      ])
      try await broker.removeGroup("g")
      let letter = try #require(try await broker.deadLetters().first)
      #expect(letter.death == death && letter.history == [death, death])
      await #expect(throws: BrokerGroupMissing(group: "g")) { try await broker.redrive(letter.id) }
      await #expect(throws: BrokerSessionEnded(group: "g")) { _ = try await consumer.receive(limit: 1) }
      await #expect(throws: BrokerSessionEnded(group: "g")) { try await consumer.heartbeat() }
    }
  }

  /// Who has vanished is found by its session.
  @Test func whatAVanishedProcessHeldIsTakenOver() async throws {
    let memory = MemoryBroker(policy: BrokerPolicy(session: .seconds(3)))
    try await withHub(Hub(broker: memory, maxWait: .milliseconds(200))) { endpoint in
      let broker = RemoteBroker(at: endpoint)
      let vanished = try await broker.join(BrokerGroup("g"))
      try await broker.publish([try event(1)])
      #expect(try await receive(1, from: vanished).map(\.deliveries) == [0])
      let living = try await broker.join(BrokerGroup("g"))
      #expect(try await receive(1, from: living).map(\.deliveries) == [1])
    }
  }

  /// A client gives up on a response that says nothing for so long, and nothing is what a quiet hub has to say.
  @Test func aClientsLimitOnSilenceEndsNoCall() async throws {
    var configuration = HTTPClient.Configuration()
    configuration.timeout.read = .milliseconds(700)
    let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    do {
      try await withHub(Hub(broker: MemoryBroker())) { endpoint in
        let broker = RemoteBroker(client, at: endpoint)
        let consumer = try await broker.join(BrokerGroup("g"))
        async let deliveries = consumer.receive(limit: 1)
        // Three times the limit, which a real client keeps by the real clock.
        try await Task.sleep(for: .milliseconds(2100))
        try await broker.publish([try event(1)])
        #expect(try await deliveries.map(\.deliveries) == [0])
      }
    } catch {
      try await client.shutdown()
      throw error
    }
    try await client.shutdown()
  }

  /// Else it would take as long as a call may wait.
  @Test func aHubThatShutsDownAnswersThoseThatWait() async throws {
    let end = Mutex<ContinuousClock.Instant?>(nil)
    let router = Router()
    router.addHub(Hub(broker: MemoryBroker(), maxWait: .seconds(3600)))
    try await withServer(router, gracefully: true) { port in
      let broker = RemoteBroker(at: "http://127.0.0.1:\(port)/hub", timeout: .seconds(60))
      let store = RemoteRegistryStore(at: "http://127.0.0.1:\(port)/hub", timeout: .seconds(60))
      let consumer = try await broker.join(BrokerGroup("g"))
      Task { _ = try await consumer.receive(limit: 1) }
      Task { try await store.follow("s", after: 0) { _ in } }
      // That they wait is not to be seen from here.
      try await Task.sleep(for: .milliseconds(300))
      end.withLock { $0 = .now }
    }
    // They wait for 10 s.
    let taken = try #require(end.withLock { $0 }).duration(to: .now)
    #expect(taken < .seconds(5), "it took \(taken)")
  }
}
