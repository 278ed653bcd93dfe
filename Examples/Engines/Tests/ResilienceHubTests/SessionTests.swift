import AsyncHTTPClient
import HTTPTypes
import Hummingbird
import Resilience
import Synchronization
import Testing

@testable import ResilienceHub

/// Sessions whose consumers are gone.
@Suite(.timeLimit(.minutes(2))) struct SessionTests {
  private static let id = "0123456789abcdef"

  /// Waits for what a real server takes its time for; the suite's time limit ends it.
  private func wait(until condition: () async throws -> Bool) async throws {
    while try await !condition() { try await Task.sleep(for: .milliseconds(10)) }
  }

  @Test func aSessionThatWasLeftBeforeItBeganDoesNotBegin() async throws {
    let memory = MemoryBroker()
    try await withHub(Hub(broker: memory)) { endpoint in
      let client = HubClient(client: DefaultClient.shared, endpoint: endpoint, timeout: .seconds(5))
      let _: HubFrame<HubNothing> = try await client.ask(HubPath.leave, HubSessionOnly(session: Self.id))
      await #expect(throws: BrokerSessionEnded(group: "g")) {
        let _: HubFrame<HubJoined> = try await client.ask(
          HubPath.join, HubJoin(session: Self.id, group: HubGroup(BrokerGroup("g"))))
      }
      #expect(memory.snapshot().groups.map(\.consumers) == [0])
    }
  }

  /// Does what it is asked for later than the caller waits.
  private struct LateJoins<Context: RequestContext>: RouterMiddleware {
    let joined: AsyncStream<Void>.Continuation

    func handle(
      _ request: Request, context: Context, next: @concurrent (Request, Context) async throws -> Response
    ) async throws -> Response {
      guard request.uri.path.hasSuffix(HubPath.join) else { return try await next(request, context) }
      var request = request
      let body = try await request.collectBody(upTo: 1 << 20)
      request.body = RequestBody(buffer: body)
      // Whoever has gone cancels this task.
      await Task { try? await Task.sleep(for: .milliseconds(800)) }.value
      defer { joined.yield() }
      return try await next(request, context)
    }
  }

  /// Else it has keys to itself until it ends.
  @Test func aJoinThatWasGivenUpLeavesNoSession() async throws {
    let memory = MemoryBroker()
    let (joins, joined) = AsyncStream.makeStream(of: Void.self)
    let router = Router()
    router.add(middleware: LateJoins(joined: joined))
    router.addHub(Hub(broker: memory))
    try await withServer(router) { port in
      let broker = RemoteBroker(at: "http://127.0.0.1:\(port)/hub")
      // It has no time left when it gives up.
      let join = ServiceCall("join") { (group: BrokerGroup) in _ = try await broker.join(group) }
        .timeout(.milliseconds(200))
      await #expect(throws: (any Error).self) { try await join(BrokerGroup("g")) }
      for await _ in joins { break }
      #expect(memory.snapshot().groups.allSatisfy { $0.consumers == 0 })
      // And one that joins now has all keys.
      let consumer = try await memory.join(BrokerGroup("g"))
      try await memory.publish([try EncodedEvent(id: "1", source: "/test", type: "test")])
      #expect(try await consumer.receive(limit: 1).count == 1)
    }
  }

  // MARK: - Those that have ended

  /// A broker whose sessions end soon, and take their time to leave.
  private final class SlowLeaves: EventBroker {
    struct Consumer: BrokerConsumer {
      let broker: SlowLeaves
      var heartbeatInterval: Duration { .milliseconds(1) }

      func receive(limit: Int) async throws -> [BrokerDelivery] { [] }
      func settle(_ settlements: [BrokerSettlement]) async throws -> [BrokerReceipt] { [] }
      func heartbeat() async throws {}

      func leave() async throws {
        broker.leaving.withLock { $0 += 1 }
        // Longer than the test.
        try await Task.sleep(for: .seconds(60))
      }
    }

    let leaving = Mutex(0)

    func join(_ group: BrokerGroup) async throws -> any BrokerConsumer { Consumer(broker: self) }
    func publish(_ events: [EncodedEvent]) async throws {}
    func removeGroup(_ name: String) async throws -> Bool { false }
    func deadLetters(of group: String?, after id: String?, limit: Int) async throws -> [BrokerDeadLetter] {
      []
    }
    func removeDeadLetter(_ id: String) async throws -> Bool { false }
    func redrive(_ id: String, as event: EncodedEvent?) async throws -> Bool { false }
  }

  @Test func sessionsThatEndedAreDroppedByAnyRequestAndNobodyWaitsForThat() async throws {
    let slow = SlowLeaves()
    try await withHub(Hub(broker: slow, maxWait: .milliseconds(1))) { endpoint in
      let (broker, store) = (
        RemoteBroker(at: endpoint), RemoteRegistryStore(.shared, at: endpoint)
      )
      for _ in 0..<3 { _ = try await broker.join(BrokerGroup("g")) }
      let count = ServiceCall("drop") { (count: Int) in
        try await wait {
          _ = try await store.list("nothing")
          return slow.leaving.withLock { $0 } == count
        }
      }.timeout(.seconds(10))
      try await count(3)
      _ = try await broker.join(BrokerGroup("g"))
      try await count(4)
    }
  }
}
