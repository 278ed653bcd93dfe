import ResilienceCore
import ResilienceTestKit
import ResilienceTrace
import Testing

@Suite struct ConsistentSamplingTests {
  private let propagator = W3CTraceContextPropagator()

  /// What goes out of a span, given the state that came in; the last 7 bytes of the trace id are `0x90...` of
  /// 0x100.
  private func sent(
    by sampler: Sampler, state: String?, parentIsSampled: Bool = true
  ) async -> (isSampled: Bool, state: String?) {
    let trace = "00-12345678901234567890000000000000".dropLast(14) + "90000000000000"
    var incoming = ["traceparent": "\(trace)-1234567890123456-0\(parentIsSampled ? 3 : 2)"]
    incoming["tracestate"] = state
    let tracer = CallTracer(sampler: sampler)
    return await propagator.withExtracted(from: incoming) {
      await tracer.span("call") {
        var headers: [String: String] = [:]
        propagator.inject(.current, into: &headers)
        return (CallContext.current.trace.isSampled, headers["tracestate"])
      }
    }
  }

  @Test(
    arguments: [
      (0.5, nil, true, "ot=th:8"),
      (0.25, nil, false, nil),
      (1, nil, true, "ot=th:0"),
      (0, nil, false, nil),
      (0.5, "rojo=1", true, "ot=th:8,rojo=1"),
      // What another service has said is replaced, or taken back.
      (0.5, "rojo=1,ot=th:4;x:y", true, "ot=th:8;x:y,rojo=1"),
      (0.25, "ot=th:4,rojo=1", false, "rojo=1"),
      (0.25, "ot=th:4;x:y,rojo=1", false, "ot=x:y,rojo=1"),
      (0.5, "ot=th:8,rojo=1", true, "ot=th:8,rojo=1"),
      // An explicit randomness takes the place of the id's.
      (0.5, "ot=rv:7fffffffffffff", false, "ot=rv:7fffffffffffff"),
      (0.25, "ot=rv:c0000000000000", true, "ot=th:c;rv:c0000000000000"),
      (0.25, "ot=rv:c", false, "ot=rv:c"),
    ] as [(Double, String?, Bool, String?)])
  func theDecisionAndItsThresholdTravel(
    _ ratio: Double, state: String?, isSampled: Bool, passedOn: String?
  ) async {
    let sent = await sent(by: .consistent(ratio), state: state)
    #expect(sent.isSampled == isSampled)
    #expect(sent.state == passedOn)
  }

  @Test func theParentsDecisionAndThresholdArePassedOn() async {
    let sampler = Sampler.parentBased(root: .consistent(0.25))
    let sampled = await sent(by: sampler, state: "ot=th:8,rojo=1")
    #expect(sampled == (true, "ot=th:8,rojo=1"))
    let unsampled = await sent(by: sampler, state: "rojo=1", parentIsSampled: false)
    #expect(unsampled == (false, "rojo=1"))
  }

  @Test func theThresholdReachesCallsAndAttemptsBelow() throws {
    try Simulation(seed: 3).run { _ in
      let store = TraceStore()
      let call = ServiceCall("payment") { (_: Int) in TraceBaggage.current.state.adjustedCount }
      let traced = FakeRetry(base: call).trace(
        CallTracer(sampler: .parentBased(root: .consistent(1)), store: store))
      let count = try await traced(1)
      #expect(count == 1)
      #expect(store.allSpans.map(\.role) == [.attempt, .call])
      #expect(TraceBaggage.current.isEmpty)
    }
  }

  @Test func somebodyElsesBaggageStaysBesideTheThreshold() async {
    await CallContext.withBaggage("tenant 9") {
      await CallTracer(sampler: .consistent(1)).span("a") {
        #expect(CallContext.baggage(of: String.self) == "tenant 9")
        #expect(TraceBaggage.current.state.header == "ot=th:0")
      }
    }
  }

  @Test(
    arguments: [
      ("ot=th:8", 1 << 55, 2), ("ot=th:0", 0, 1), ("ot=th:c", 3 << 54, 4), ("ot=rv:1;th:8", 1 << 55, 2),
      ("ot=th:ffffffffffffff", (1 << 56) - 1, 0x1p56),
    ] as [(String, UInt64, Double)])
  func thresholdsAreRead(_ text: String, threshold: UInt64, count: Double) throws {
    let state = try #require(TraceState(text))
    #expect(state.samplingThreshold == threshold)
    #expect(state.adjustedCount == count)
  }

  @Test(arguments: [
    "ot=th:", "ot=th:g", "ot=th:8F", "ot=th:123456789012345", "ot=th", "ot=:", "ot=x:y", "to=th:8",
    "ot=th:-8",
  ])
  func row60_whatIsNoThresholdIsNone(_ text: String) throws {
    let state = try #require(TraceState(text))
    #expect(state.samplingThreshold == nil)
    #expect(state.adjustedCount == nil)
  }
}
