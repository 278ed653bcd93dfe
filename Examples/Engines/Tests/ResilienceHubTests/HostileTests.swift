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
    HubPath.removeGroup, HubPath.letters, HubPath.removeLetter, HubPath.redrive, HubPath.grant, HubPath.keepAlive,
    HubPath.revoke, HubPath.write, HubPath.remove, HubPath.list, HubPath.follow,
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
        #expect(status == 413, "\(path): \(status) \(text)")
      }
      #expect(try await RemoteBroker(.shared, at: endpoint).deadLetters().isEmpty)
    }
  }

  @Test(arguments: [
    (HubPath.join, #"{"session":"S","group":{"name":"","filter":{"kind":"all"},"startsWithOldest":false}}"#, 400),
    (HubPath.join, #"{"session":"x","group":{"name":"g","filter":{"kind":"all"},"startsWithOldest":false}}"#, 400),
    (HubPath.join, #"{"session":"S","group":{"name":"g","filter":{"kind":"none"},"startsWithOldest":true}}"#, 400),
    (HubPath.receive, #"{"session":"T","poll":1,"attempt":1,"heard":[],"limit":1,"waitNanoseconds":0}"#, 410),
    (HubPath.receive, #"{"session":"S","poll":-1,"attempt":1,"heard":[],"limit":1,"waitNanoseconds":0}"#, 400),
    (HubPath.receive, #"{"session":"S","poll":1,"attempt":1,"heard":[9,9],"limit":-9223372036854775808,"waitNanoseconds":-1}"#, 200),
    (HubPath.receive, #"{"session":"S","poll":2,"attempt":1,"heard":[],"limit":9223372036854775807,"waitNanoseconds":1}"#, 200),
    (HubPath.receive, #"{"session":"S","poll":3,"attempt":1,"heard":[],"limit":1,"waitNanoseconds":1e400}"#, 400),
    (HubPath.receive, #"{"session":"S","poll":0,"attempt":1,"heard":[],"limit":1,"waitNanoseconds":0}"#, 400),
    (
      HubPath.receive,
      #"{"session":"S","poll":18446744073709551615,"attempt":1,"heard":[],"limit":1,"waitNanoseconds":0}"#, 400
    ),
    (HubPath.settle, #"{"session":"S","settlements":[{"receipt":{"scope":1,"position":2},"outcome":"gone"}]}"#, 400),
    (
      HubPath.settle,
      #"{"session":"S","settlements":[{"receipt":{"scope":1,"position":2},"outcome":"handled","events":-1}]}"#, 400
    ),
    (
      HubPath.settle,
      #"{"session":"S","settlements":[{"receipt":{"scope":1,"position":2},"outcome":"handled","events":5}]}"#, 400
    ),
    (
      HubPath.settle,
      #"{"session":"S","settlements":[{"receipt":{"scope":1,"position":2},"outcome":"deadLettered"}]}"#, 400
    ),
    (
      HubPath.settle,
      #"{"session":"S","settlements":[{"receipt":{"scope":1,"position":2},"outcome":"returned","deliveries":-5}]}"#, 200
    ),
    (HubPath.settle, "{\"session\":\"S\",\"settlements\":[]}\n[{\"specversion\":\"1.0\",\"id\":\"1\"}]", 400),
    (
      HubPath.settle,
      "{\"session\":\"S\",\"settlements\":[]}\n[{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"s\",\"type\":\"t\"}]",
      400
    ),
    (HubPath.letters, #"{"limit":-7,"after":"no id"}"#, 200),
    (HubPath.grant, #"{"ttlNanoseconds":-9223372036854775808}"#, 200),
    (HubPath.grant, #"{"ttlNanoseconds":9223372036854775807}"#, 200),
    (HubPath.keepAlive, #"{"id":-1,"ttlNanoseconds":-9223372036854775808}"#, 200),
    (
      HubPath.write,
      #"{"record":{"service":"","id":"","address":"","weight":-1e300,"lease":5,"revision":1},"condition":{"kind":"always"}}"#,
      200
    ),
    (HubPath.write, #"{"record":{"service":"s","id":"i","address":"","revision":1},"condition":{"kind":"revision"}}"#, 200),
    (HubPath.follow, #"{"service":"s","after":18446744073709551615,"waitNanoseconds":1}"#, 200),
    (HubPath.follow, #"{"service":"s","after":0,"life":1,"waitNanoseconds":1}"#, 410),
  ])
  func aHubTakesNoValueForGranted(_ path: String, _ body: String, _ status: Int) async throws {
    let session = "0123456789abcdef"
    try await withHub(Hub(broker: MemoryBroker())) { endpoint in
      let join =
        #"{"session":"\#(session)","group":{"name":"g","filter":{"kind":"all"},"startsWithOldest":false}}"#
      if path != HubPath.join { #expect(try await post(join, to: "\(endpoint)/\(HubPath.join)").status == 200) }
      let answer = try await post(
        body.replacing("\"S\"", with: "\"\(session)\""), to: "\(endpoint)/\(path)")
      #expect(answer.status == status, "\(answer.text)")
    }
  }

  // MARK: - The other side

  private struct Stranger: Sendable {
    let status: HTTPTypes.HTTPResponse.Status
    let body: String
  }

  /// Calls every function of a broker and a store.
  private func errors(at endpoint: String) async -> [any Error] {
    let broker = RemoteBroker(.shared, at: endpoint)
    let store = RemoteRegistryStore(.shared, at: endpoint)
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
    "", "{", "[]", "null", "{}\n[", "{\"deliveries\":[]}\n[{}]", #"{"letters":7,"records":{},"changes":0}"#, "<html>",
  ])
  func aClientRefusesWhatIsNoAnswer(_ body: String) async throws {
    let router = Router()
    router.post("**") { _, _ in Response(status: .ok, body: ResponseBody(byteBuffer: ByteBuffer(string: body))) }
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
      let broker = RemoteBroker(.shared, at: "http://127.0.0.1:\(port)", timeout: .milliseconds(200))
      await #expect(throws: TimedOut.self) { try await broker.publish([try EncodedEvent(id: "1", source: "s", type: "t")]) }
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
      let broker = RemoteBroker(.shared, at: "http://127.0.0.1:\(port)")
      let consumer = RemoteConsumer(broker, "g", session: "s", heartbeatInterval: .seconds(1))
      let error = await #expect(throws: RemoteError.self) { _ = try await consumer.receive(limit: 5) }
      #expect(error?.description == "hub: events/receive: HTTP status 200: 1 deliveries, and 0 events")
    }
  }
}
