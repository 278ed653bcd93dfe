import AsyncHTTPClient
import Hummingbird
import NIOCore
import Resilience
import Testing

@testable import storefront

/// Looking at processes that are not as they should be.
@Suite(.serialized) struct ScraperTests {
  @Test func aProcessThatDoesNotAnswerIsSilent() async throws {
    let client = HTTPClient.shared
    let dead = ProcessStatus.Target(
      name: "dead-1", service: "dead", address: "127.0.0.1:\(try FreePort.pick())")
    let broken = ProcessStatus.Target(name: "broken-1", service: "broken", address: "no address")
    let scraper = Scraper(client) { [dead, broken] }
    await scraper.look()
    #expect(scraper.latest.map(\.target.name) == ["broken-1", "dead-1"])
    #expect(scraper.latest.allSatisfy { $0.state == .silent && $0.totals == AnswerTotals() })
  }

  @Test func aProcessThatStopsInTheMiddleHoldsUpNobody() async throws {
    let stops = ResponseBody { writer in
      try await writer.write(ByteBuffer(string: "up 1\n"))
      // Longer than the test.
      try await Task.sleep(for: .seconds(60))
    }
    try await withProcess(stops) { address in
      let target = ProcessStatus.Target(name: "stops-1", service: "stops", address: address)
      let scraper = Scraper(HTTPClient.shared) { [target] }
      let start = ContinuousClock.now
      await scraper.look()
      #expect(start.duration(to: .now) < .seconds(20))
      #expect(scraper.latest.map(\.state) == [.ready])
      #expect(scraper.latest.map(\.page.samples) == [[]])
    }
  }

  @Test func aFigureThatIsNoNumberIsTold() async throws {
    let page = "http_server_answers_total{route=\"a\",status=\"2xx\"} NaN\n"
    try await withProcess(ResponseBody(byteBuffer: ByteBuffer(string: page))) { address in
      try await ShopInProcess.run { shop in
        let store = shop.settings.store
        let strange = ServiceInstance(id: "carts-9", service: Carts.name, address: address)
        let port = try #require(shop.processes[Monitor.name]?.port.port)
        let monitor = ShopClient(client: .shared, gateway: "http://127.0.0.1:\(port)")
        try await Self.listed(strange, in: store) {
          try await eventually("its figures are there") {
            let processes = try await monitor.get("/processes.json")
            return processes.status == 200 && String(buffer: processes.body).contains("\"NaN\"")
          }
        }
      }
    }
  }

  private static func listed(
    _ instance: ServiceInstance, in store: some RegistryStore,
    _ body: @escaping @Sendable () async throws -> Void
  ) async throws {
    try await store.withLease(instance, ttl: .seconds(30)) { try await body() }
  }

  /// A process that is ready, and whose metrics are these.
  private func withProcess(
    _ metrics: ResponseBody, _ body: @escaping @Sendable (_ address: String) async throws -> Void
  ) async throws {
    let router = Router()
    router.get("health/ready") { _, _ in HTTPResponse.Status.ok }
    router.get("metrics") { _, _ in Response(status: .ok, body: metrics) }
    let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
    let app = Application(
      router: router, configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
      onServerRunning: { channel in continuation.yield(channel.localAddress?.port ?? 0) })
    try await withThrowingTaskGroup { group in
      group.addTask { try await app.run() }
      group.addTask {
        let port = try #require(await ports.first { _ in true })
        try await body("127.0.0.1:\(port)")
      }
      try await group.next()
      group.cancelAll()
    }
  }
}
