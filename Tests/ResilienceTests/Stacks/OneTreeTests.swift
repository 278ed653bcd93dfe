import Resilience
import ResilienceTestKit
import Testing

private struct Down: Error, CustomStringConvertible {
  let description = "connection refused"
}

/// One order through every service: calls, attempts, tries and deliveries of four services are one tree.
@Suite struct OneTreeTests {
  private static let placed = EventType<Int>("order_placed")

  /// Another service: what it knows of the caller is what the headers say.
  private static func remote(
    _ service: String, _ store: TraceStore, _ work: @escaping @Sendable (Int) async throws -> Void
  ) -> @Sendable ([String: String], Int) async throws -> Void {
    let tracer = CallTracer(service, store: store)
    return { headers, attempt in
      try await CompositePropagator.w3c.withExtracted(from: headers) {
        try await tracer.span("answer", kind: .server) { try await work(attempt) }
      }
    }
  }

  private static func headers() -> [String: String] {
    var headers: [String: String] = [:]
    CompositePropagator.w3c.inject(.current, into: &headers)
    return headers
  }

  private static func order(_ store: TraceStore, _ simulation: Simulation) async throws {
    let shop = CallTracer("shop", store: store)
    let bank = remote("bank", store) { attempt in
      try await simulation.sleep(for: .milliseconds(10))
      if attempt < 3 { throw Down() }
    }
    let stock = remote("stock", store) { attempt in
      try await simulation.sleep(for: .milliseconds(attempt == 1 ? 1000 : 10))
    }
    let breaker = CircuitBreaker(
      "bank",
      policy: CircuitBreakerPolicy(
        window: .count(4), failureRate: 0.5, minimumThroughput: 3, openTime: .seconds(5),
        maxOpenTime: .seconds(5), openTimeJitter: 0, halfOpenPermits: 1))
    let pay = ServiceCall("pay") { (_: Int, context: CallContext) in
      try await bank(headers(), Int(context.attempt))
    }
    .circuitBreaker(breaker)
    .rateLimit(TokenBucket("bank", limit: RateLimit(1, per: .milliseconds(100), burst: 2)), mode: .wait)
    .retry(
      RetryPolicy(maxAttempts: 3, backoff: .constant(.milliseconds(20), jitter: .none)), budget: nil
    )
    .trace(shop)
    let reserve = ServiceCall("reserve") { (_: Int, context: CallContext) in
      try await stock(headers(), Int(context.attempt))
    }
    .hedge(HedgePolicy(delay: .fixed(.milliseconds(50))), budget: nil)
    .trace(shop)
    let bus = EventBus(source: "shop")
    try bus.subscribe(
      to: placed, group: "mail",
      policy: DeliveryPolicy(maxDeliveries: 3, backoff: .constant(.milliseconds(100), jitter: .none)),
      handler: EventHandler("send") { (event: Event<Int>) in
        if event.attempt == 1 { throw Down() }
      }.trace(CallTracer("mail", store: store), kind: .consumer))
    try await withThrowingTaskGroup { group in
      group.addTask { try await shop.observing { try await bus.run() } }
      try await shop.span("order", kind: .server) {
        try await pay(1)
        try await reserve(1)
        try await bus.publish(Event(id: "e1", source: "shop", type: placed, data: 1))
      }
      try await bus.waitUntilIdle()
      group.cancelAll()
    }
  }

  @Test func aRetryAHedgeAndARedeliveryThroughSeveralServicesAreOneTree() throws {
    let store = TraceStore()
    try Simulation(seed: 1).run { try await Self.order(store, $0) }
    #expect(store.traces.count == 1)
    let trace = store.traces[0]
    let spans = store.spans(matching: SpanQuery(trace: trace, service: "shop", role: .delivery))
    let first = try #require(spans.first).ids.span.paddedHexadecimal
    #expect(
      store.waterfall(of: trace) == """
        trace \(trace): 17 spans, 270.000 ms
        ✓ shop: order                      0.000  170.000 ms |#########################               |
        ✓   shop: pay                      0.000  110.000 ms |################                        |
              · retry.scheduled call=pay attempt=2 delay_seconds=0.02 last=false refused=false at 10.000 ms
              · retry.scheduled call=pay attempt=3 delay_seconds=0.02 last=true refused=false at 40.000 ms
        ✗     shop: pay attempt 1          0.000   10.000 ms |#                                       | connection refused
        ✗       bank: answer               0.000   10.000 ms |#                                       | connection refused
        ✗     shop: pay attempt 2         30.000   10.000 ms |    #                                   | connection refused
                · call.resend_count=1
        ✗       bank: answer              30.000   10.000 ms |    #                                   | connection refused
        ✓     shop: pay attempt 3         60.000   50.000 ms |        ########                        |
                · call.resend_count=2
                · rate_limiter.queued limiter=bank permits=1 wait_seconds=0.04 at 60.000 ms
                · rate_limiter.granted limiter=bank permits=1 at 100.000 ms
                · circuit_breaker.opened breaker=bank reason=failure_rate failures=2 slow=0 calls=3 open_seconds=5.0 at 110.000 ms
        ✓       bank: answer             100.000   10.000 ms |              ##                        |
        ✓   shop: reserve                110.000   60.000 ms |                #########               |
              · hedge.started call=reserve attempt=2 after_seconds=0.05 at 160.000 ms
              · hedge.won call=reserve attempt=2 at 170.000 ms
              · hedge.lost call=reserve attempt=1 at 170.000 ms
        –     shop: reserve hedge try 1  110.000   60.000 ms |                #########               | CancellationError()
        –       stock: answer            110.000   60.000 ms |                #########               | CancellationError()
        ✓     shop: reserve hedge try 2  160.000   10.000 ms |                       ##               |
                · call.resend_count=1
        ✓       stock: answer            160.000   10.000 ms |                       ##               |
        ✗   shop: mail delivery 1        170.000    0.000 ms |                         #              | connection refused
              · event_bus.redelivery_scheduled type=order_placed id=e1 group=mail attempt=1 delay_seconds=0.1 error=connection refused at 170.000 ms
        ✗     mail: send delivery 1      170.000    0.000 ms |                         #              | connection refused
        ✓   shop: mail delivery 2        270.000    0.000 ms |                                       #|
              · call.resend_count=1
              · → span \(first) link.kind=previous delivery
              · event_bus.delivered type=order_placed id=e1 group=mail attempt=2 at 270.000 ms
        ✓     mail: send delivery 2      270.000    0.000 ms |                                       #|
                · call.resend_count=1

        """)
  }
}

extension UInt64 {
  fileprivate var paddedHexadecimal: String {
    let digits = String(self, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}
