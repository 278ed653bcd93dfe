import AsyncHTTPClient
import BridgesTestSupport
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import NIOCore
import NIOHTTP1
import ResilienceAsyncHTTPClient
import ResilienceHummingbird
import ResilienceTestKit
import ServiceLifecycle
import Testing

@Suite struct EndpointTests {
  private struct Away: Error {}

  @Test func readinessIsAsked_andDraining() async throws {
    let isWell = Seen<Bool>()
    let endpoint = ReadinessEndpoint(checks: [
      ReadinessCheck("database", maxAge: .zero) { if isWell.all.isEmpty { throw Away() } }
    ])
    let router = Router()
    router.addHealth(endpoint)
    try await Application(router: router).test(.router) { client in
      #expect(try await client.execute(uri: "/health/ready", method: .get).status == .serviceUnavailable)
      #expect(try await client.execute(uri: "/health/live", method: .get).status == .ok)
      isWell.append(true)
      let ready = try await client.execute(uri: "/health/ready", method: .get)
      #expect(ready.status == .ok)
      #expect(ready.headers[.contentType] == "application/health+json")
      endpoint.drain()
      #expect(try await client.execute(uri: "/health/ready", method: .get).status == .serviceUnavailable)
      #expect(try await client.execute(uri: "/health/live", method: .get).status == .ok)
    }
  }

  @Test func metricsAreScraped_inTheFormAskedFor() async throws {
    let stack = StandardStack("supplier")
    let router = Router()
    router.addMetrics { [stack] }
    try await Application(router: router).test(.live) { client in
      let plain = try await client.execute(uri: "/metrics", method: .get)
      #expect(plain.headers[.contentType] == MetricsFormat.prometheus.contentType)
      #expect(String(buffer: plain.body).contains(#"circuit_breaker_state{breaker="supplier"} 0"#))
      let open = try await client.execute(
        uri: "/metrics", method: .get, headers: [.accept: "application/openmetrics-text; version=1.0.0"])
      #expect(open.headers[.contentType] == MetricsFormat.openMetrics.contentType)
      #expect(String(buffer: open.body).hasSuffix("# EOF\n"))
    }
  }

  /// First not ready, with everything served as before; then no new connections; and the request that is
  /// under way is answered.
  @Test func aShutdownDrains() async throws {
    let clock = ManualClock()
    let gate = Gate()
    let endpoint = ReadinessEndpoint(checks: [])
    let router = Router()
    router.addHealth(endpoint)
    router.get("held") { _, _ in
      await gate.pass()
      return "served"
    }
    let (ports, found) = AsyncStream.makeStream(of: Int.self)
    var logger = Logger(label: "test")
    logger.logLevel = .critical
    let app = Application(
      router: router, configuration: .init(address: .hostname("127.0.0.1", port: 0)),
      onServerRunning: { found.yield($0.localAddress?.port ?? 0) }, logger: logger)
    let group = ServiceGroup(
      configuration: .init(services: [app, DrainService(endpoint, notice: .seconds(5))], logger: logger))
    let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: .resilient())
    try await CallContext.withEnvironment(CallEnvironment(clock: clock)) {
      try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask { try await group.run() }
        var iterator = ports.makeAsyncIterator()
        let origin = "http://127.0.0.1:\(await iterator.next() ?? 0)"
        @Sendable func status(_ path: String) async throws -> Int {
          let response = try await client.execute(
            HTTPClientRequest(url: origin + path), deadline: .now() + .seconds(20))
          _ = try await response.body.collect(upTo: 1000)
          return Int(response.status.code)
        }
        #expect(try await status("/health/ready") == 200)
        async let held = status("/held")
        await gate.waitForVisitors(1)

        await group.triggerGracefulShutdown()
        try await clock.waitForSleepers(1)
        #expect(try await status("/health/ready") == 503)
        #expect(try await status("/health/live") == 200)

        clock.advance(by: .seconds(5))
        while (try? await status("/health/live")) != nil {}
        gate.open()
        #expect(try await held == 200)
        try await tasks.waitForAll()
      }
    }
    try await client.shutdown()
  }

  @Test func theGatewayIsAtMostFortyLines() throws {
    let path = #filePath.split(separator: "/").dropLast(3).joined(separator: "/")
    let source = try #require(read("/\(path)/Sources/gateway/main.swift"))
    let lines = source.split(separator: "\n").map { $0.drop { $0 == " " } }
      .filter { !$0.isEmpty && !$0.hasPrefix("//") && !$0.hasPrefix("import ") }
    #expect((20...40).contains(lines.count), "\(lines.count)")
  }
}
