import AsyncHTTPClient
import BridgesTestSupport
import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1
import Resilience
import ResilienceHTTPTypes
import ResilienceTestKit
import Synchronization
import Testing

@testable import ResilienceAsyncHTTPClient

@Suite struct AnsweringTests {
  @Test func aFailureIsSentAgain_asMethodAndBodyAllow() async throws {
    let chunks = AsyncStream<ByteBuffer> { continuation in
      continuation.yield(ByteBuffer(string: "pet"))
      continuation.finish()
    }
    #expect(try await requests(.GET, nil) == 3)
    #expect(try await requests(.PUT, .bytes(ByteBuffer(string: "pet"))) == 3)
    #expect(try await requests(.PUT, .bytes(Array("pet".utf8))) == 3)
    #expect(try await requests(.PUT, .stream(chunks, length: .unknown)) == 1)
    #expect(try await requests(.POST, .bytes(ByteBuffer(string: "pet"))) == 1)
    #expect(try await requests(.POST, .bytes(ByteBuffer(string: "pet")), ["Idempotency-Key": "7"]) == 3)
  }

  @Test func bodiesInMemoryAreRecognised() {
    let bytes = Array(repeating: UInt8(7), count: 10)
    #expect(HTTPClientRequest.Body.bytes(ByteBuffer(bytes: bytes)).isInMemory)
    #expect(HTTPClientRequest.Body.bytes(bytes).isInMemory)
    #expect(HTTPClientRequest.Body.bytes("text".utf8, length: .known(Int64(4))).isInMemory)
    #expect(
      !HTTPClientRequest.Body.stream(AsyncStream<ByteBuffer> { $0.finish() }, length: .unknown).isInMemory)
  }

  @Test func theNextAttemptComesNoEarlierThanRetryAfterSays() async throws {
    let clock = ManualClock()
    let times = Times()
    let router = Router()
    router.get("/") { _, _ in
      times.append(clock.now) == 1
        ? Response(status: .serviceUnavailable, headers: [.retryAfter: "5"]) : Response(status: .ok)
    }
    try await withServer(router) { port in
      try await withClient { client in
        let call = client.call("supplier").byMethod { $0.retry() }
        try await CallContext.withEnvironment(CallEnvironment(clock: clock)) {
          async let response = call(HTTPClientRequest(url: "http://127.0.0.1:\(port)/"))
          try await clock.waitForSleepers(1)
          clock.advance(by: .milliseconds(4999))
          #expect(clock.sleeperCount == 1, "it waits on")
          clock.advance(by: .seconds(2))
          let status = try await response.status
          #expect(status == .ok)
        }
      }
    }
    #expect(times.all.count == 2)
  }

  @Test func whatIsLeftGoesOut_andTheTrace() async throws {
    let clock = ManualClock()
    let router = Router()
    router.get("/") { request, _ in
      let left = request.headers[HTTPField.Name(DeadlineField.envoy.name) ?? .age] ?? "none"
      return "\(left) \(request.headers[.traceparent] ?? "none")"
    }
    try await withServer(router) { port in
      try await withClient { client in
        try await CallContext.withEnvironment(CallEnvironment(clock: clock)) {
          let tracer = CallTracer("client")
          let call = client.call("supplier", maxBodyBytes: 200)
          let request = HTTPClientRequest(url: "http://127.0.0.1:\(port)/")
          #expect(try await text(call(request)) == "none none")

          let outer = ServiceCall<Void, HTTPClientResponse>("page") {
            clock.advance(by: .milliseconds(1200))
            return try await call.trace(tracer)(request)
          }
          .deadline(.seconds(2))
          let words = try await text(outer()).split(separator: " ")
          #expect(words[0] == "800")
          let span = try #require(tracer.store.allSpans.first)
          #expect(TraceIDs(traceparent: String(words[1])) == span.ids)
        }
      }
    }
  }

  @Test func aTimeLimitIsATimeLimit() async throws {
    let gate = Gate()
    let router = Router()
    router.get("/") { _, _ in
      await gate.pass()
      return "late"
    }
    try await withServer(router) { port in
      try await withClient { client in
        let call = client.call("supplier").timeout(.milliseconds(100))
        let error = try #require(
          await #expect(throws: TimedOut.self) {
            try await call(HTTPClientRequest(url: "http://127.0.0.1:\(port)/"))
          })
        gate.open()
        #expect(call.outcome(ofError: error) == .failure)
      }
    }
  }

  @Test func aBodyIsReadWithinTheCall_ifThatIsAskedFor() async throws {
    let router = Router()
    router.get("/") { _, _ in String(repeating: "x", count: 1000) }
    try await withServer(router) { port in
      try await withClient { client in
        let request = HTTPClientRequest(url: "http://127.0.0.1:\(port)/")
        let body = try await text(client.call(maxBodyBytes: 1000)(request))
        #expect(body.utf8.count == 1000)
        let call = client.call(maxBodyBytes: 999).retry()
        let error = try #require(await #expect(throws: NIOTooManyBytesError.self) { try await call(request) })
        #expect(call.outcome(ofError: error).verdict == .neutral)
      }
    }
  }

  @Test func failuresGiveTheirConnectionBack() async throws {
    let connections = Times()
    let router = Router()
    router.get("/") { _, _ in
      Response(status: .internalServerError, body: .init(byteBuffer: ByteBuffer(repeating: 7, count: 60_000)))
    }
    try await withServer(router) { port in
      var configuration = HTTPClient.Configuration.resilient()
      configuration.http1_1ConnectionDebugInitializer = { channel in
        _ = connections.append(Instant(nanoseconds: 0))
        return channel.eventLoop.makeSucceededVoidFuture()
      }
      try await withClient(configuration) { client in
        let call = client.call().byMethod { $0.retry(RetryPolicy(maxAttempts: 5, backoff: .constant(.zero))) }
        let response = try await call(HTTPClientRequest(url: "http://127.0.0.1:\(port)/"))
        let body = try await response.body.collect(upTo: 60_000)
        #expect(body.readableBytes == 60_000)
      }
    }
    #expect(connections.all.count == 1)
  }

  @Test(arguments: [
    ("10.0.0.7:80", "/stock/1?a=b", "http://10.0.0.7:80/stock/1?a=b"),
    ("10.0.0.7:80", "https://shop/stock", "https://10.0.0.7:80/stock"),
    ("https://10.0.0.7:8443/", "http://shop:1/stock", "https://10.0.0.7:8443/stock"),
    ("http://10.0.0.7/base", "stock", "http://10.0.0.7/base/stock"),
    ("[::1]:80", "http://shop", "http://[::1]:80/"),
    ("h:1", "http://shop?q=http://x/", "http://h:1/?q=http://x/"),
    ("h:1", "/redirect?to=http://x/", "http://h:1/redirect?to=http://x/"),
    ("unix:/run/a b.sock", "/stock", "http+unix://%2Frun%2Fa%20b.sock/stock"), ("h:1", "", "http://h:1/"),
  ])
  func anAddressTakesThePlaceOfTheHost(_ address: String, _ url: String, _ result: String) {
    let instance = ServiceInstance(id: "1", service: "shop", address: address)
    #expect(InstanceURL(instance).replacingOrigin(of: url) == result)
  }

  private func requests(
    _ method: NIOHTTP1.HTTPMethod, _ body: HTTPClientRequest.Body?, _ headers: NIOHTTP1.HTTPHeaders = [:]
  ) async throws -> Int {
    let times = Times()
    let router = Router()
    let answer: @Sendable (Request, BasicRequestContext) async throws -> Response = { request, _ in
      _ = try await request.body.collect(upTo: 1000)
      _ = times.append(Instant(nanoseconds: 0))
      return Response(status: .internalServerError)
    }
    for method in [HTTPRequest.Method.get, .put, .post] { router.on("/", method: method, use: answer) }
    try await withServer(router) { port in
      try await withClient { client in
        var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)/")
        request.method = method
        request.body = body
        request.headers = headers
        let call = client.call().byMethod { $0.retry(RetryPolicy(maxAttempts: 3, backoff: .constant(.zero))) }
        let response = try await call(request)
        #expect(response.status == .internalServerError)
      }
    }
    return times.all.count
  }

  private func text(_ response: HTTPClientResponse) async throws -> String {
    String(buffer: try await response.body.collect(upTo: 10_000))
  }
}
