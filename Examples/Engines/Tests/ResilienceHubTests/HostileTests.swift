import AsyncHTTPClient
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1
import Resilience
import Testing

@testable import ResilienceHub

/// Nothing that comes over the wire ends a process, on either side.
@Suite(.timeLimit(.minutes(2))) struct HostileTests {
  private static let paths = [
    HubPath.publish, HubPath.join, HubPath.receive, HubPath.settle, HubPath.heartbeat, HubPath.leave,
    HubPath.removeGroup, HubPath.letters, HubPath.removeLetter, HubPath.redrive, HubPath.grant,
    HubPath.keepAlive, HubPath.revoke, HubPath.write, HubPath.remove, HubPath.list, HubPath.follow,
  ]

  private func post(_ body: String, to url: String) async throws -> (status: Int, text: String) {
    var request = HTTPClientRequest(url: url)
    request.method = .POST
    request.body = .bytes(Array(body.utf8))
    let response = try await HTTPClient.shared.execute(request, timeout: .seconds(10))
    return (
      Int(response.status.code), String(buffer: try await response.body.collect(upTo: 1 << 20))
    )
  }

  @Test func aHubRefusesWhatIsNoRequest() async throws {
    let hub = Hub(broker: MemoryBroker(), maxBodyBytes: 4096)
    try await withHub(hub) { endpoint in
      let bodies = [
        "", "{", "null", "[]x", "17", "\"\"", "\n", "{}\n[", "\u{0}", String(repeating: "[", count: 4000),
        #"{"session":7}"#, #"{"group":{"name":[]}}"#, "{}\n{}",
      ]
      for path in Self.paths {
        for body in bodies {
          let (status, text) = try await post(body, to: "\(endpoint)/\(path)")
          #expect((400..<500).contains(status), "\(path) of \(body.prefix(20)): \(status) \(text)")
          #expect(text.contains("\"message\""), "\(path) of \(body.prefix(20)): \(text)")
        }
        let (status, text) = try await post(String(repeating: " ", count: 4097), to: "\(endpoint)/\(path)")
        #expect(status == 413, "\(path): \(text)")
      }
      #expect(try await RemoteBroker(at: endpoint).deadLetters().isEmpty)
    }
  }

  /// A request, whose session is there, and what it is answered with.
  struct Attempt: Sendable {
    let path: String
    let body: String
    let status: Int

    init(_ path: String, _ body: String, _ status: Int) {
      self.path = path
      self.body = body
      self.status = status
    }

    static func join(name: String = "g", kind: String = "all", session: String = "S", _ status: Int)
      -> Attempt
    {
      let filter = #"{"kind":"\#(kind)"}"#
      let group = #"{"name":"\#(name)","filter":\#(filter),"startsWithOldest":false}"#
      return Attempt(HubPath.join, #"{"session":"\#(session)","group":\#(group)}"#, status)
    }

    static func receive(
      session: String = "S", poll: String = "1", heard: String = "", limit: String = "1", wait: String = "0",
      _ status: Int
    ) -> Attempt {
      let call = #""poll":\#(poll),"attempt":1,"heard":[\#(heard)],"limit":\#(limit)"#
      return Attempt(
        HubPath.receive, #"{"session":"\#(session)",\#(call),"waitNanoseconds":\#(wait)}"#, status)
    }

    static func settle(_ rest: String, _ status: Int) -> Attempt {
      let settlement = #"{"receipt":{"scope":1,"position":2},\#(rest)}"#
      return Attempt(HubPath.settle, #"{"session":"S","settlements":[\#(settlement)]}"#, status)
    }

    static func settle(publishing events: String) -> Attempt {
      Attempt(HubPath.settle, #"{"session":"S","settlements":[]}"# + "\n" + events, 400)
    }

    static func write(_ record: String, condition: String) -> Attempt {
      Attempt(
        HubPath.write, #"{"record":{\#(record),"revision":1},"condition":{"kind":"\#(condition)"}}"#, 200)
    }
  }

  @Test(
    arguments: [
      .join(name: "", 400), .join(session: "x", 400), .join(kind: "none", 400),
      .receive(session: "T", 410), .receive(poll: "-1", 400), .receive(poll: "0", 400),
      .receive(poll: "18446744073709551615", 400), .receive(wait: "1e400", 400),
      .receive(heard: "9,9", limit: "-9223372036854775808", wait: "-1", 200),
      .receive(poll: "2", limit: "9223372036854775807", wait: "1", 200),
      .settle(#""outcome":"gone""#, 400), .settle(#""outcome":"handled","events":-1"#, 400),
      .settle(#""outcome":"handled","events":5"#, 400), .settle(#""outcome":"deadLettered""#, 400),
      .settle(#""outcome":"returned","deliveries":-5"#, 200),
      .settle(publishing: #"[{"specversion":"1.0","id":"1"}]"#),
      .settle(publishing: #"[{"specversion":"1.0","id":"1","source":"s","type":"t"}]"#),
      Attempt(HubPath.letters, #"{"limit":-7,"after":"no id"}"#, 200),
      Attempt(HubPath.grant, #"{"ttlNanoseconds":-9223372036854775808}"#, 200),
      Attempt(HubPath.grant, #"{"ttlNanoseconds":9223372036854775807}"#, 200),
      Attempt(HubPath.keepAlive, #"{"id":-1,"ttlNanoseconds":-9223372036854775808}"#, 200),
      .write(#""service":"","id":"","address":"","weight":-1e300,"lease":5"#, condition: "always"),
      .write(#""service":"s","id":"i","address":"""#, condition: "revision"),
      Attempt(HubPath.follow, #"{"service":"s","after":18446744073709551615,"waitNanoseconds":1}"#, 410),
      Attempt(HubPath.follow, #"{"service":"s","after":1,"waitNanoseconds":1}"#, 410),
      Attempt(HubPath.follow, #"{"service":"s","after":0,"waitNanoseconds":1}"#, 200),
      Attempt(HubPath.leave, #"{"session":"short","heard":[]}"#, 400),
    ] as [Attempt])
  func aHubTakesNoValueForGranted(_ attempt: Attempt) async throws {
    let session = "0123456789abcdef"
    try await withHub(Hub(broker: MemoryBroker())) { endpoint in
      if attempt.path != HubPath.join {
        let join = Attempt.join(session: session, 200)
        #expect(try await post(join.body, to: "\(endpoint)/\(join.path)").status == 200)
      }
      let body = attempt.body.replacing("\"S\"", with: "\"\(session)\"")
      let answer = try await post(body, to: "\(endpoint)/\(attempt.path)")
      #expect(answer.status == attempt.status, "\(answer.text)")
    }
  }

  // MARK: - The other side

  /// Calls every function of a broker and a store.
  private func errors(at endpoint: String) async -> [any Error] {
    let broker = RemoteBroker(at: endpoint)
    let store = RemoteRegistryStore(at: endpoint)
    let consumer = RemoteConsumer(broker, "g", session: "s", heartbeatInterval: .seconds(1))
    let record = StoreRecord(ServiceInstance(id: "a", service: "s"))
    let receipt = BrokerReceipt(scope: 1, position: 1)
    let calls: [@Sendable () async throws -> Void] = [
      { _ = try await broker.join(BrokerGroup("g")) },
      { _ = try await broker.removeGroup("g") },
      { _ = try await broker.deadLetters() },
      { _ = try await broker.removeDeadLetter("1") },
      { _ = try await broker.redrive("1") },
      { _ = try await consumer.receive(limit: 1) },
      { _ = try await consumer.settle([BrokerSettlement(receipt, .handled())]) },
      { _ = try await store.grantLease(ttl: .seconds(1)) },
      { _ = try await store.keepAlive(StoreLease(id: 1, ttl: .seconds(8))) },
      { _ = try await store.write(record, if: .absent) },
      { _ = try await store.remove("a", of: "s", if: .absent) },
      { _ = try await store.list("s") },
      { try await store.follow("s", after: 1) { _ in } },
    ]
    var errors: [any Error] = []
    for call in calls {
      do { try await call() } catch { errors.append(error) }
    }
    return errors
  }

  @Test(arguments: [
    "", "{", "[]", "null", "{}\n[", "{\"deliveries\":[]}\n[{}]", #"{"letters":7,"records":{},"changes":0}"#,
    "<html>",
  ])
  func aClientRefusesWhatIsNoAnswer(_ body: String) async throws {
    let router = Router()
    router.post("**") { _, _ in
      Response(status: .ok, body: ResponseBody(byteBuffer: ByteBuffer(string: body)))
    }
    try await withServer(router) { port in
      let errors = await errors(at: "http://127.0.0.1:\(port)")
      #expect(errors.count == 13)
      for error in errors {
        let error = try #require(error as? RemoteError, "\(error)")
        #expect(error.reason == .unreadable)
      }
    }
  }

  @Test func aClientTellsWhatAStrangerSays() async throws {
    let router = Router()
    router.post("**") { _, _ in
      Response(status: .badGateway, body: ResponseBody(byteBuffer: ByteBuffer(string: "no such host")))
    }
    try await withServer(router) { port in
      let errors = await errors(at: "http://127.0.0.1:\(port)")
      #expect(errors.count == 13)
      for error in errors {
        let error = try #require(error as? RemoteError, "\(error)")
        #expect(error.status == 502 && error.message == "no such host" && error.reason == .refused)
      }
    }
  }

  @Test func aHubThatDoesNotAnswerIsGivenUp() async throws {
    let router = Router()
    router.post("**") { _, _ in
      // Longer than any limit here.
      try await Task.sleep(for: .seconds(60))
      return Response(status: .ok)
    }
    try await withServer(router) { port in
      let broker = RemoteBroker(at: "http://127.0.0.1:\(port)", timeout: .milliseconds(200))
      await #expect(throws: TimedOut.self) {
        try await broker.publish([try EncodedEvent(id: "1", source: "s", type: "t")])
      }
      await #expect(throws: TimedOut.self) { _ = try await broker.join(BrokerGroup("g")) }
    }
  }

  /// More deliveries than events, or fewer.
  @Test func whatDoesNotFitTogetherIsUnreadable() async throws {
    let router = Router()
    router.post("**") { _, _ in
      let body = #"{"deliveries":[{"receipt":{"scope":1,"position":1},"deliveries":0}],"letters":[]}"#
      return Response(status: .ok, body: ResponseBody(byteBuffer: ByteBuffer(string: body)))
    }
    try await withServer(router) { port in
      let broker = RemoteBroker(at: "http://127.0.0.1:\(port)")
      let consumer = RemoteConsumer(broker, "g", session: "s", heartbeatInterval: .seconds(1))
      let error = await #expect(throws: RemoteError.self) { _ = try await consumer.receive(limit: 5) }
      #expect(error?.description == "hub: events/receive: HTTP status 200: 1 deliveries, and 0 events")
    }
  }
}
