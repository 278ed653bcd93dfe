import ResilienceCore
import ResilienceTestKit
import ResilienceTrace
import Testing

@Suite struct WaterfallTests {
  @Test func showsAttemptsEventsVerdictsAndTimes() throws {
    let store = TraceStore()
    try Simulation(seed: 7).run { sim in
      let shop = Tracer("shop", store: store)
      let bank = Tracer("bank", store: store)
      let charge = ServiceCall("charge") { (_: Int, context: CallContext) in
        try await sim.sleep(for: .milliseconds(20))
        if context.attempt == 1 { throw Declined() }
      }
      let charging = FakeRetry(base: charge.trace(bank), delay: .milliseconds(30))
      try await shop.span("checkout") {
        try await charging.trace(shop, "payment")(1)
        try await sim.sleep(for: .milliseconds(10))
        _ = try? await ServiceCall { (_: Int) in throw Refused() }.trace(shop, "survey")(1)
      }
    }
    let trace = store.traces[0]
    #expect(
      store.waterfall(of: trace) == """
        trace \(trace): 7 spans, 80.000 ms
        ✓ shop: checkout                0.000  80.000 ms |########################################|
        ✓   shop: payment               0.000  70.000 ms |###################################     |
              · retry.scheduled attempt=2 at 20.000 ms
        ✗     shop: payment attempt 1   0.000  20.000 ms |##########                              | card declined
        ✗       bank: charge            0.000  20.000 ms |##########                              | card declined
        ✓     shop: payment attempt 2  50.000  20.000 ms |                         ##########     |
        ✓       bank: charge           50.000  20.000 ms |                         ##########     |
        –   shop: survey               80.000   0.000 ms |                                       #| Refused()

        """)
  }

  @Test func marksSpansWhoseParentIsNotHere() async throws {
    let store = TraceStore(capacity: 1)
    let tracer = Tracer(store: store)
    let parent = "00-12345678901234567890123456789012-1234567890123456-01"
    await W3CTraceContextPropagator().withExtracted(from: ["traceparent": parent]) {
      await tracer.span("call") {}
    }
    let trace = try #require(TraceID("12345678901234567890123456789012"))
    let line = try #require(store.waterfall(of: trace).split(separator: "\n").last)
    #expect(line.hasPrefix("✓ ? call"))
  }

  @Test func unknownTraceHasNoSpans() {
    let trace = TraceID(high: 0, low: 0xA)
    #expect(TraceStore().waterfall(of: trace) == "trace 0000000000000000000000000000000a: no spans\n")
  }
}
