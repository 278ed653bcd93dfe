import BridgesTestSupport
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import ResilienceHummingbird
import ResilienceTestKit
import Testing

@Suite struct LimitTests {
  @Test func whoComesTooOftenIsTold() async throws {
    let clock = ManualClock()
    let router = Router()
    router.add(
      middleware: RateLimitMiddleware(KeyedRateLimiter("gateway", limit: RateLimit(2, per: .seconds(10)))) {
        request, _ in
        request.headers[.authorization]
      })
    router.get("/") { _, _ in "served" }
    try await CallContext.withEnvironment(CallEnvironment(clock: clock)) {
      try await Application(router: router).test(.router) { client in
        let first = try await client.execute(uri: "/", method: .get, headers: [.authorization: "a"])
        #expect(first.status == .ok)
        #expect(first.headers[.rateLimit] == #""gateway";r=1;t=5"#)
        #expect(first.headers[.rateLimitPolicy] == #""gateway";q=2;w=10"#)
        #expect(first.headers[.retryAfter] == nil)

        try await client.execute(uri: "/", method: .get, headers: [.authorization: "a"])
        let third = try await client.execute(uri: "/", method: .get, headers: [.authorization: "a"])
        #expect(third.status == .tooManyRequests)
        #expect(third.headers[.retryAfter] == "5")
        #expect(third.headers[.rateLimit] == #""gateway";r=0;t=10"#)
        #expect(third.body.readableBytes == 0)

        #expect(
          try await client.execute(uri: "/", method: .get, headers: [.authorization: "b"]).status == .ok)
        #expect(
          try await client.execute(uri: "/", method: .get).status == .ok, "who has no key is not limited")
        clock.advance(by: .seconds(5))
        let later = try await client.execute(uri: "/", method: .get, headers: [.authorization: "a"])
        #expect(later.status == .ok)
      }
    }
  }

  @Test func whatIsTooMuchIsShed_andRoomComesBack() async throws {
    let gate = Gate()
    let bulkhead = Bulkhead("gateway", limit: .fixed(1))
    let router = Router()
    router.add(middleware: BulkheadMiddleware(bulkhead, retryAfter: .seconds(3)))
    router.get("held") { _, _ in
      await gate.pass()
      return "served"
    }
    router.get("fails") { _, _ -> String in throw HTTPError(.badRequest) }
    try await Application(router: router).test(.router) { client in
      async let held = client.execute(uri: "/held", method: .get)
      await gate.waitForVisitors(1)
      let shed = try await client.execute(uri: "/held", method: .get)
      #expect(shed.status == .serviceUnavailable)
      #expect(shed.headers[.retryAfter] == "3")
      gate.open()
      #expect(try await held.status == .ok)
      #expect(try await client.execute(uri: "/fails", method: .get).status == .badRequest)
      #expect(try await client.execute(uri: "/held", method: .get).status == .ok)
      #expect(bulkhead.snapshot().inUse == 0)
    }
  }

  @Test func aBulkheadFurtherInIsNotThisServers() async throws {
    let inner = Bulkhead("database", limit: .fixed(1))
    let router = Router()
    router.addMiddleware {
      RefusalMiddleware()
      BulkheadMiddleware(Bulkhead("gateway", limit: .fixed(5)), retryAfter: .seconds(3))
    }
    router.get("/") { _, _ in
      try await inner.run { try await inner.run { "served" } }
    }
    try await Application(router: router).test(.router) { client in
      let response = try await client.execute(uri: "/", method: .get)
      #expect(response.status == .serviceUnavailable)
      #expect(response.headers[.retryAfter] == nil)
    }
  }
}
