import AsyncHTTPClient
import BridgesTestSupport
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import NIOCore
import ResilienceAsyncHTTPClient
import ResilienceHummingbird
import ResilienceTestKit
import Testing

@Suite struct ContextTests {
  private static let timeout = HTTPField.Name(DeadlineField.envoy.name) ?? .age

  @Test(
    arguments: [
      ("250", nil, "250"), ("250", .milliseconds(100), "100"), ("50", .milliseconds(100), "50"),
      (nil, .milliseconds(100), "100"), ("soon", nil, "none"), (nil, nil, "none"),
    ] as [(String?, Duration?, String)])
  func aHandlerKnowsWhatIsLeft(_ field: String?, _ limit: Duration?, _ left: String) async throws {
    let router = Router()
    router.add(middleware: DeadlineMiddleware(limit: limit))
    router.get("/") { _, _ in
      let context = CallContext.current
      if context.deadline.isNever { return "none" }
      return "\(context.deadline.remainingNanoseconds(at: context.readClock()) / 1_000_000)"
    }
    try await CallContext.withEnvironment(CallEnvironment(clock: ManualClock())) {
      try await Application(router: router).test(.router) { client in
        let response = try await client.execute(
          uri: "/", method: .get, headers: field.map { [Self.timeout: $0] } ?? [:])
        #expect(String(buffer: response.body) == left)
      }
    }
  }

  @Test func aRequestThatNobodyWaitsForIsNotServed() async throws {
    let router = Router()
    router.add(middleware: DeadlineMiddleware())
    router.get("/") { _, _ in
      Issue.record("served")
      return ""
    }
    try await Application(router: router).test(.router) { client in
      let response = try await client.execute(uri: "/", method: .get, headers: [Self.timeout: "0"])
      #expect(response.status == .gatewayTimeout)
    }
  }

  @Test func aSpanIsTheRoutes_andFailsFrom500() async throws {
    let tracer = CallTracer("gateway")
    let router = Router()
    router.add(middleware: CallTraceMiddleware(tracer))
    router.get("stock/{id}") { _, context -> Response in
      switch try context.parameters.require("id") {
      case "missing": throw HTTPError(.notFound)
      case "broken": Response(status: .internalServerError)
      case "late": throw TimedOut(limit: .seconds(1))
      default: Response(status: .ok)
      }
    }
    try await Application(router: router).test(.router) { client in
      for id in ["17", "missing", "broken", "late"] {
        try await client.execute(uri: "/stock/\(id)", method: .get)
      }
    }
    let spans = tracer.store.allSpans
    #expect(spans.map(\.name) == Array(repeating: "GET /stock/{id}", count: 4))
    #expect(spans.map(\.kind) == Array(repeating: .server, count: 4))
    #expect(spans.map(\.verdict) == [.success, .success, .failure, .failure])
    let codes = spans.map { span in span.attributes.first { $0.name == "http.response.status_code" }?.value }
    #expect(codes == [.integer(200), .integer(404), .integer(500), .integer(504)])
  }

  /// A client's call, the span of the server that it calls, the call that this one makes, and the last
  /// server's span: each the child of the one before. The time that is left goes the same way.
  @Test func oneTraceAndOneDeadlineGoThroughTwoServers() async throws {
    let store = TraceStore()
    let times = Seen<Int64>()
    let last = Router()
    last.addMiddleware {
      CallTraceMiddleware(CallTracer("supplier", store: store))
      DeadlineMiddleware()
    }
    last.get("stock") { _, _ in
      times.append(CallContext.current.deadline.remainingNanoseconds(at: CallContext.current.readClock()))
      return "5"
    }
    let tracer = CallTracer("gateway", store: store)
    try await withServer(last) { port in
      let client = HTTPClient(eventLoopGroupProvider: .singleton, configuration: .resilient())
      let stock = client.call("stock").trace(tracer)
      let first = Router()
      first.addMiddleware {
        CallTraceMiddleware(tracer)
        DeadlineMiddleware()
      }
      first.get("page") { _, _ in
        let response = try await stock(HTTPClientRequest(url: "http://127.0.0.1:\(port)/stock"))
        return String(buffer: try await response.body.collect(upTo: 100))
      }
      try await withServer(first) { port in
        let page = client.call("page", maxBodyBytes: 100).deadline(.seconds(20))
          .trace(CallTracer("browser", store: store))
        _ = try await page(HTTPClientRequest(url: "http://127.0.0.1:\(port)/page"))
      }
      try await client.shutdown()
    }
    #expect(store.traces.count == 1)
    let spans = store.spans(inTrace: try #require(store.traces.first))
    #expect(spans.map(\.name) == ["page", "GET /page", "stock", "GET /stock"])
    #expect(spans.map(\.kind) == [.client, .server, .client, .server])
    for (parent, child) in zip(spans, spans.dropFirst()) { #expect(child.parent == parent.ids.span) }
    let left = try #require(times.all.first)
    #expect(left > 0 && left < 20_000_000_000)
  }
}
