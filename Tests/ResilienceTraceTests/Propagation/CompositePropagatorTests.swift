import ResilienceCore
import ResilienceTrace
import Testing

@Suite struct CompositePropagatorTests {
  private static let trace = "12345678901234567890123456789012"
  private static let parent = "00-\(trace)-1234567890123456-01"
  private let propagator = CompositePropagator([
    B3Propagator(), W3CTraceContextPropagator(), W3CBaggagePropagator(),
  ])

  private func passedOn(_ headers: [String: String]) async -> [String: String] {
    await propagator.withExtracted(from: headers) {
      var sent: [String: String] = [:]
      propagator.inject(.current, into: &sent)
      return sent
    }
  }

  @Test func oneFormatComesInAndAllGoOut() async {
    let single = "\(Self.trace)-1234567890123456-1"
    #expect(await passedOn(["b3": single]) == ["b3": single, "traceparent": Self.parent])
    #expect(
      await passedOn(["traceparent": Self.parent, "tracestate": "rojo=1", "baggage": "tier=gold"]) == [
        "b3": single, "traceparent": Self.parent, "tracestate": "rojo=1", "baggage": "tier=gold",
      ])
  }

  @Test func theLastFormatThatFindsATraceHolds() async {
    let other = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-bbbbbbbbbbbbbbbb"
    let sent = await passedOn(["b3": "\(other)-0", "traceparent": Self.parent])
    #expect(sent["traceparent"] == Self.parent)
    let sentWithoutAValidOne = await passedOn(["b3": "\(other)-0", "traceparent": "garbage"])
    #expect(sentWithoutAValidOne["traceparent"] == "00-\(other)-00")
  }

  @Test func baggageTravelsWithoutATrace() async {
    #expect(await passedOn(["baggage": "tier=gold"]) == ["baggage": "tier=gold"])
  }

  @Test func row101_severalPropagatorsAddToOneBaggage() async {
    struct Tenant: Sendable { var number: Int }
    struct TenantPropagator: ContextPropagator {
      func inject(_ context: CallContext, into carrier: inout some ContextCarrier) {
        guard let tenant = CallContext.baggage(of: Tenant.self) else { return }
        carrier.set("\(tenant.number)", forName: "x-tenant")
      }
      func extract(
        from carrier: some ContextCarrier, into context: inout CallContext, baggage: inout (any Sendable)?
      ) {
        guard let number = carrier.values(forName: "x-tenant").first.flatMap({ Int($0) }) else { return }
        baggage = CombinedBaggage.setting(Tenant(number: number), in: baggage)
      }
    }
    let all = CompositePropagator([TenantPropagator(), CompositePropagator.w3c])
    let headers = [
      "x-tenant": "9", "traceparent": Self.parent, "tracestate": "rojo=1", "baggage": "tier=gold",
    ]
    await all.withExtracted(from: headers) {
      #expect(CallContext.baggage(of: Tenant.self)?.number == 9)
      #expect(TraceBaggage.current.state["rojo"] == "1")
      #expect(TraceBaggage.current.entries["tier"] == "gold")
      var sent: [String: String] = [:]
      all.inject(.current, into: &sent)
      #expect(sent == headers)
    }
  }

  @Test func removalTakesTheFieldsOfAllFormats() {
    var headers = [
      "b3": "0", "X-B3-TraceId": "1", "traceparent": "a", "TraceState": "b", "Baggage": "c", "host": "shop",
    ]
    propagator.remove(from: &headers)
    #expect(headers == ["host": "shop"])
  }
}
