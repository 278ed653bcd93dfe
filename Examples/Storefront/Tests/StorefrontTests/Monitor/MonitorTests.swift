import AsyncHTTPClient
import Foundation
import NIOCore
import NIOHTTP1
import Resilience
import Testing

@testable import storefront

/// The monitor beside the whole shop.
@Suite(.serialized) struct MonitorTests {
  /// What the page of a trace says to a program.
  private struct Trace: Decodable {
    struct Span: Decodable {
      var spanId: String
      var parentSpanId: String?
      var service: String
      var name: String
    }

    var traceId: String
    var spans: [Span]
  }

  private struct Graph: Decodable {
    struct Edge: Decodable {
      var caller: String
      var callee: String
      var calls: Int
    }

    var edges: [Edge]
  }

  private struct Figures: Decodable {
    struct Process: Decodable {
      var service: String
      var isReady: Bool
      var answers: Double
      var failedAnswers: Double
      var handledEvents: Double
      var badMetricLines: Int
    }

    var processes: [Process]
    var troubles: [String]
  }

  private static let trace = "4bf92f3577b34da6a3ce929d0e0e4736"
  private static let browser = "00f067aa0ba902b7"

  @Test func aVisitIsOneTraceWithItsParentsOnThePage() async throws {
    try await ShopInProcess.run(isWatched: true) { shop in
      try await shop.offer("85123A")
      let customer = try await shop.customer("17850")
      let page = try await Self.send(.GET, "/products/85123A", by: customer)
      #expect(page.status == .ok)
      let placed = try await Self.send(
        .POST, "/orders/", #"{"items":[{"sku":"85123A","quantity":2}]}"#, by: customer)
      let body = try await placed.body.collect(upTo: 1 << 16)
      let order = try JSONDecoder().decode(Orders.Status.self, from: Data(body.readableBytesView))
      #expect(try await shop.ending(of: order, by: customer) == "shipped")

      let monitor = try Self.monitor(shop)
      let way = ["gateway", "orders", "payments", "inventory", "logistics"]
      var trace = Trace(traceId: "", spans: [])
      try await eventually("the trace is whole") {
        trace = try await monitor.get("/traces/\(Self.trace).json").decoded(as: Trace.self)
        let (services, ids) = (Set(trace.spans.map(\.service)), Set(trace.spans.map(\.spanId)))
        return services.isSuperset(of: way + ["productpage", "products", "carts", "analytics"])
          && trace.spans.allSatisfy { ids.contains($0.parentSpanId ?? "") || $0.parentSpanId == Self.browser }
      }
      #expect(trace.traceId == Self.trace)
      #expect(Self.services(above: "logistics", in: trace) == way.reversed())
      #expect(Self.services(above: "products", in: trace) == ["products", "productpage", "gateway"])

      // It is found by its service, and its page has each span.
      let found = try await monitor.get("/traces?service=logistics&limit=200")
      #expect(String(buffer: found.body).contains("href=\"/traces/\(Self.trace)\""))
      let byNumber = try await monitor.get("/traces?text=\(order.id)")
      #expect(String(buffer: byNumber.body).contains("href=\"/traces/\(Self.trace)\""))
      let html = String(buffer: try await monitor.get("/traces/\(Self.trace)").body)
      for span in trace.spans { #expect(html.contains(span.spanId)) }
      let graph = try await monitor.get("/graph.json").decoded(as: Graph.self)
      for (caller, callee) in zip(way, way.dropFirst()) + [("productpage", "products")] {
        #expect(
          graph.edges.contains { $0.caller == caller && $0.callee == callee && $0.calls > 0 }, "\(callee)")
      }
    }
  }

  @Test func theDashboardSaysWhatTheMetricsSay() async throws {
    try await ShopInProcess.run(isWatched: true) { shop in
      try await shop.offer("85123A")
      let customer = try await shop.customer("17850")
      for key in 1...5 { _ = try await shop.order("85123A", 1, by: customer, key: "\(key)") }
      #expect(try await customer.get("/products/none").status == 404)
      _ = try await shop.settled()
      let monitor = try Self.monitor(shop)
      try await eventually("all figures are those of the metrics") {
        let figures = try await monitor.get("/processes.json").decoded(as: Figures.self)
        for service in ["gateway", "orders", "payments", "logistics"] {
          let page = MetricsText(try await shop.metrics(of: service))
          guard let process = figures.processes.first(where: { $0.service == service }), process.isReady,
            process.answers == page.sum("http_server_answers_total") ?? 0,
            process.handledEvents == page.sum("event_bus_delivered_total") ?? 0, process.badMetricLines == 0
          else { return false }
        }
        return true
      }
      let gateway = MetricsText(try await shop.metrics(of: Gateway.name))
      func answers(_ route: String, _ status: String) -> Double? {
        gateway.sum("http_server_answers_total", where: ["route": route, "status": status])
      }
      #expect(answers("POST /orders", "2xx") == 5)
      #expect(answers("GET /products/{sku}", "4xx") == 1)
      #expect(gateway.sum("http_server_answer_duration_seconds_count", where: ["route": "POST /orders"]) == 5)
      #expect(gateway.sum("registry_stale") == 0)
      #expect(gateway["registry_stale"].count == Gateway.calls.count + 1)
      #expect(gateway.sum("circuit_breakers_openings_total") == 0)
      #expect(abs((gateway.sum("process_start_time_seconds") ?? 0) - Date.now.timeIntervalSince1970) < 600)
      let html = String(buffer: try await monitor.get("/").body)
      #expect(
        html.contains(
          "\(StorefrontServices.all.count) of \(StorefrontServices.all.count) processes are ready"))
      #expect(html.contains(">POST /orders</td>"))
    }
  }

  @Test func whoHasLeftIsMissed() async throws {
    try await ShopInProcess.run { shop in
      let monitor = try Self.monitor(shop)
      func troubles() async throws -> [String] {
        try await monitor.get("/processes.json").decoded(as: Figures.self).troubles
      }
      try await eventually("nothing is wrong") { try await troubles().isEmpty }
      await shop.processes[Carts.name]?.stop()
      try await eventually("it is missed") {
        try await troubles().contains("carts: no instance is registered")
      }
    }
  }

  @Test func openingsOfABreakerAreCounted() async throws {
    struct Failure: Error {}
    let openings = BreakerOpenings("orders")
    let breakers = CircuitBreakers<String>("orders", onEvent: { openings.record($0) })
    for instance in ["orders-1", "orders-2"] {
      let call = ServiceCall("orders") { throw Failure() }.circuitBreaker(breakers[instance])
      for _ in 1...100 { _ = try? await call() }
    }
    let page = MetricsText(MetricsPage([openings.snapshot()]).text)
    #expect(page.sum("circuit_breakers_openings_total", where: ["breakers": "orders"]) == 2)
  }

  @Test func whatIsNoRouteIsOneRouteHoweverItIsCalled() async throws {
    try await ShopInProcess.run { shop in
      for path in (0..<20).map({ "/invented/\($0)" }) { #expect(try await shop.shop.get(path).status == 404) }
      var request = HTTPClientRequest(url: shop.shop.gateway + "/orders")
      request.method = .DELETE
      _ = try await HTTPClient.shared.execute(request, timeout: .seconds(5))
      let page = MetricsText(try await shop.metrics(of: Gateway.name))
      #expect(page.sum("http_server_answers_total", where: ["route": "none", "status": "4xx"]) == 21)
      #expect(page["http_server_answers_total"].count == 1)
    }
  }

  @Test func whatTheCollectorDoesNotTakeItRefuses() async throws {
    try await ShopInProcess.run { shop in
      let monitor = try Self.monitor(shop)
      func post(_ body: String, type: String = "application/json", packed: Bool = false) async throws -> (
        UInt, String
      ) {
        var request = HTTPClientRequest(url: monitor.gateway + "/v1/traces")
        request.method = .POST
        request.headers.add(name: "content-type", value: type)
        if packed { request.headers.add(name: "content-encoding", value: "gzip") }
        request.body = .bytes(ByteBuffer(string: body))
        let response = try await HTTPClient.shared.execute(request, timeout: .seconds(10))
        return (response.status.code, String(buffer: try await response.body.collect(upTo: 1 << 16)))
      }
      let bad = String(decoding: OTLPDocumentTests.document(["traceId": "\"<b>\""]), as: UTF8.self)
      let (status, text) = try await post(bad)
      #expect(status == 400)
      #expect(text.contains("resourceSpans[0].scopeSpans[0].spans[0].traceId"), "\(text)")
      #expect(try await post("{}", type: "application/x-protobuf").0 == 415)
      #expect(try await post("{}", packed: true).0 == 415)
      #expect(
        try await post("{\"resourceSpans\": []" + String(repeating: " ", count: 5 << 20) + "}").0 == 413)
      let script = "<script>alert(1)</script>"
      let hostile = String(decoding: OTLPDocumentTests.document(["name": "\"\(script)\""]), as: UTF8.self)
      #expect(try await post(hostile, type: "Application/JSON; charset=utf-8").0 == 200)
      for path in [
        "/traces", "/traces/4bf92f3577b34da6a3ce929d0e0e4736", "/traces?name=%3Cscript%3E&status=ok",
      ] {
        let page = String(buffer: try await monitor.get(path).body)
        #expect(!page.contains("<script"), "\(path)")
        #expect(page.contains("&lt;script&gt;"), "\(path)")
      }
      #expect(try await monitor.get("/traces/x").status == 400)
      #expect(try await monitor.get("/traces/00000000000000000000000000000001").status == 404)
      #expect(try await monitor.get("/traces?limit=x").status == 400)
      let page = MetricsText(try await shop.metrics(of: Monitor.name))
      #expect(page.sum("trace_collector_refused_documents_total") == 1)
      #expect(page.sum("trace_collector_spans") == 1)
    }
  }

  // MARK: - Help

  private static func monitor(_ shop: ShopInProcess) throws -> ShopClient {
    let port = try #require(shop.processes[Monitor.name]?.port.port)
    return ShopClient(client: .shared, gateway: "http://127.0.0.1:\(port)")
  }

  /// As a browser would that begins the trace by itself.
  private static func send(
    _ method: HTTPMethod, _ path: String, _ body: String? = nil, by client: ShopClient
  ) async throws -> HTTPClientResponse {
    var request = HTTPClientRequest(url: client.gateway + path)
    request.method = method
    request.headers.add(name: "traceparent", value: "00-\(trace)-\(browser)-01")
    request.headers.add(name: "authorization", value: "Bearer \(client.token ?? "")")
    request.headers.add(name: "idempotency-key", value: "one")
    request.headers.add(name: "content-type", value: "application/json")
    if let body { request.body = .bytes(ByteBuffer(string: body)) }
    return try await HTTPClient.shared.execute(request, timeout: .seconds(5))
  }

  /// From a span of a service up to the first one, each service once.
  private static func services(above service: String, in trace: Trace) -> [String] {
    let spans = Dictionary(trace.spans.map { ($0.spanId, $0) }) { first, _ in first }
    var services: [String] = []
    var next = trace.spans.first { $0.service == service }
    while let span = next {
      if services.last != span.service { services.append(span.service) }
      next = span.parentSpanId.flatMap { spans[$0] }
    }
    return services
  }
}
