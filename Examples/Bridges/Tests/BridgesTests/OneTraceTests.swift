import AsyncHTTPClient
import BridgesTestSupport
import Foundation
import GRPCCore
import GRPCNIOTransportHTTP2
import Hummingbird
import Instrumentation
import NIOHTTP1
import Resilience
import ResilienceAsyncHTTPClient
import ResilienceDistributedTracing
import ResilienceGRPC
import ResilienceHummingbird
import Synchronization
import Testing
import Tracing

/// One trace through AsyncHTTPClient, a Hummingbird server, an event and gRPC, on loopback.
@Suite(.timeLimit(.minutes(1))) struct OneTraceTests {
  private let store = TraceStore()

  private func tracer(_ service: String) -> CallTracer { CallTracer(service, store: store) }

  /// The server of orders publishes an event; the event's handler asks the bank, whose first answer is that it
  /// is not ready, and whose library says `withSpan`.
  private func playADay() async throws {
    let bus = EventBus(source: "orders")
    let placed = EventType<Int>("order_placed")
    let tries = Mutex(0)
    let bank = Answering { [bank = tracer("bank")] in
      guard
        tries.withLock({ tries in
          tries += 1
          return tries > 1
        })
      else { throw RPCError(code: .unavailable, message: "not ready") }
      await ResilienceTracer(bank).withSpan("SELECT", ofKind: .client) { _ in await Task.yield() }
    }
    let orders = Router()
    orders.addMiddleware { CallTraceMiddleware(tracer("orders")) }
    orders.post("orders/:id") { _, context -> HTTPResponse.Status in
      let order = try context.parameters.require("id", as: Int.self)
      try await bus.publish(order, as: placed, subject: "customer 1")
      return .accepted
    }
    try await Peer.with(bank, tracer("bank")) { bankClient in
      let charge = ServiceCall("charge") { (_: Int) in try await bankClient.answer() }
        .classifyingGRPC().retry(RetryPolicy(backoff: .constant(.milliseconds(1)))).trace(tracer("billing"))
      try bus.subscribe(
        to: placed, group: "billing",
        handler: EventHandler("bill") { (event: Event<Int>) in try await charge(event.data) })
      try await withServer(orders) { port in
        try await withThrowingTaskGroup { group in
          group.addTask { try await tracer("billing").observing { try await bus.run() } }
          let order = HTTPClient.shared.call("order").trace(tracer("web"))
          var request = HTTPClientRequest(url: "http://127.0.0.1:\(port)/orders/7")
          request.method = .POST
          #expect(try await order(request).status == .accepted)
          try await bus.waitUntilIdle()
          group.cancelAll()
        }
      }
    }
  }

  /// `service name`, indented by depth, as the store has it.
  private func outline(_ spans: [SpanRecord]) -> [String] {
    let parents = Dictionary(uniqueKeysWithValues: spans.map { ($0.ids.span, $0.parent) })
    return spans.map { span in
      var (depth, id) = (0, span.parent)
      while let next = parents[id] { (depth, id) = (depth + 1, next) }
      return String(repeating: "  ", count: depth) + "\(span.service) \(span.name) \(span.role)"
    }
  }

  @Test func clientServerEventAndGRPCHopAreOneTrace() async throws {
    try await playADay()
    let trace = try #require(store.traces.first)
    #expect(store.traces.count == 1)
    let spans = store.spans(inTrace: trace)
    #expect(
      outline(spans) == [
        "web order call",
        "  orders POST /orders/{id} call",
        "    billing billing delivery",
        "      billing charge call",
        "        billing charge attempt",
        "          bank test.Peer/Answer call",
        "        billing charge attempt",
        "          bank test.Peer/Answer call",
        "            bank SELECT call",
      ])
  }

  /// The same parents in what a collector gets.
  @Test func theSameTraceAsOTLP() async throws {
    try await playADay()
    let batch = SpanBatch(spans: store.allSpans, epoch: UnixTime(nanoseconds: 0))
    let data = Data(OTLPEncoder().encode(batch))
    struct Document: Decodable {
      struct Resource: Decodable { var scopeSpans: [Scope] }
      struct Scope: Decodable { var spans: [Span] }
      struct Span: Decodable {
        var traceId: String
        var spanId: String
        var parentSpanId: String?
        var name: String
        var kind: Int
      }
      var resourceSpans: [Resource]
    }
    let document = try JSONDecoder().decode(Document.self, from: data)
    let spans = document.resourceSpans.flatMap(\.scopeSpans).flatMap(\.spans)
    #expect(spans.count == 9)
    #expect(Set(spans.map(\.traceId)).count == 1)
    let names = Dictionary(uniqueKeysWithValues: spans.map { ($0.spanId, $0.name) })
    let parents = spans.map { "\($0.parentSpanId.flatMap { names[$0] } ?? "-") > \($0.name) \($0.kind)" }
    #expect(
      parents.sorted() == [
        "- > order 3", "POST /orders/{id} > billing 5", "billing > charge 3", "charge > charge 3",
        "charge > charge 3", "charge > test.Peer/Answer 2", "charge > test.Peer/Answer 2",
        "order > POST /orders/{id} 2", "test.Peer/Answer > SELECT 3",
      ])
  }
}
