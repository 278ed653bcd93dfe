import ResilienceCore
import Testing

@Suite struct ContextCarrierTests {
  @Test func dictionaryFindsNameInAnyCase() {
    #expect(["traceparent": "a"].values(forName: "traceparent") == ["a"])
    #expect(["TraceParent": "a", "trace-parent": "b"].values(forName: "traceparent") == ["a"])
    #expect(["TRACEPARENT": "a", "Traceparent": "b"].values(forName: "traceparent") == ["a", "b"])
    #expect(["Trâceparent": "a"].values(forName: "traceparent") == [])
  }

  @Test func setReplacesTheValueInAnyCase() {
    var headers = ["Traceparent": "old", "host": "shop"]
    headers.set("new", forName: "traceparent")
    #expect(headers == ["traceparent": "new", "host": "shop"])
    headers["TRACEPARENT"] = "stale"
    headers.set("newer", forName: "traceparent")
    #expect(headers == ["traceparent": "newer", "host": "shop"])
  }

  @Test func removeTakesTheValuesInAnyCase() {
    var headers = ["Traceparent": "a", "traceparent": "b", "TRACEPARENT": "c", "host": "shop"]
    headers.removeValues(forName: "traceparent")
    #expect(headers == ["host": "shop"])
    headers.removeValues(forName: "traceparent")
    #expect(headers == ["host": "shop"])
  }

  @Test func pairsKeepSeveralValuesOfAName() {
    var carrier = FieldCarrier(
      [(name: "A", value: "1"), (name: "b", value: "2"), (name: "a", value: "3")], through: .pairs)
    #expect(carrier.values(forName: "a") == ["1", "3"])
    #expect(carrier.values(forName: "c") == [])
    carrier.set("4", forName: "a")
    #expect(carrier.fields.map(\.name) == ["b", "a"])
    #expect(carrier.values(forName: "A") == ["4"])
    carrier.removeValues(forName: "B")
    #expect(carrier.fields.map(\.name) == ["a"])
  }

  @Test func fieldsAreWrittenInTheirPlace() {
    struct Name: ContextPropagator {
      let fieldNames = ["name"]
      func inject(_ context: CallContext, into carrier: inout some ContextCarrier) {
        carrier.set("shop", forName: "name")
      }
      func extract(
        from carrier: some ContextCarrier, into context: inout CallContext, baggage: inout (any Sendable)?
      ) {
        baggage = carrier.values(forName: "name").first
      }
    }
    // A second owner of the fields during a write would make a copy-on-write type copy all of them.
    let access = FieldAccess<[String]>(
      forEachValue: { fields, _, body in fields.forEach(body) },
      set: { fields, _, value in
        let before = fields.withUnsafeBufferPointer { $0.baseAddress }
        fields[0] = value
        #expect(fields.withUnsafeBufferPointer { $0.baseAddress } == before)
      },
      remove: { fields, _ in fields.removeAll() })
    var fields = ["old", "other"]
    Name().inject(.current, into: &fields, through: access)
    #expect(fields == ["shop", "other"])
    Name().remove(from: &fields, through: access)
    #expect(fields == [])
  }
}

@Suite struct CombinedBaggageTests {
  @Test func whatIsAloneIsNotWrapped() {
    #expect(CombinedBaggage.setting("a", in: nil) as? String == "a")
    #expect(CombinedBaggage.setting("b", in: "a") as? String == "b")
    #expect(CombinedBaggage.value(of: String.self, in: "a") == "a")
    #expect(CombinedBaggage.value(of: Int.self, in: "a") == nil)
    #expect(CombinedBaggage.value(of: Int.self, in: nil) == nil)
  }

  @Test func aValueIsFoundByWhatItIsMoreGenerally() {
    class Tenant: @unchecked Sendable {}
    final class Guest: Tenant, @unchecked Sendable {}
    let guest = Guest()
    #expect(CombinedBaggage.value(of: Tenant.self, in: guest) === guest)
    #expect(CombinedBaggage.value(of: (any Error).self, in: CancellationError()) is CancellationError)
    #expect(CombinedBaggage.value(of: Guest.self, in: Tenant()) == nil)
  }

  @Test func eachTypeHasOneValue() async {
    var baggage: (any Sendable)? = CombinedBaggage.setting(1, in: "a")
    baggage = CombinedBaggage.setting("b", in: baggage)
    baggage = CombinedBaggage.setting(2.5, in: baggage)
    #expect(CombinedBaggage.value(of: String.self, in: baggage) == "b")
    #expect(CombinedBaggage.value(of: Int.self, in: baggage) == 1)
    await CallContext.withBaggage(baggage) {
      #expect(CallContext.baggage(of: Double.self) == 2.5)
      #expect(CallContext.baggage(of: Bool.self) == nil)
    }
  }
}
