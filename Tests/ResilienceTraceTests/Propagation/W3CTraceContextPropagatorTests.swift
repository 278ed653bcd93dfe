import ResilienceCore
import ResilienceTrace
import Testing

@Suite struct W3CTraceContextPropagatorTests {
  private static let parent = "00-12345678901234567890123456789012-1234567890123456-01"
  private let propagator = W3CTraceContextPropagator()

  /// What a service that only passes on sends, given these headers.
  private func passedOn(_ fields: [(String, String)]) async -> [String: String] {
    await propagator.withExtracted(from: fields, through: .pairs) {
      var headers: [String: String] = [:]
      propagator.inject(.current, into: &headers)
      return headers
    }
  }

  @Test(arguments: ["traceparent", "TraceParent", "TrAcEpArEnT", "TRACEPARENT"])
  func headerNamesAreCaseInsensitive(_ name: String) async {
    let headers = await passedOn([(name, Self.parent), ("TraceState", "foo=1"), ("TRACESTATE", "bar=2")])
    #expect(headers == ["traceparent": Self.parent, "tracestate": "foo=1,bar=2"])
  }

  @Test(arguments: ["trace-parent", "trace.parent"])
  func otherNamesAreNotRead(_ name: String) async {
    #expect(await passedOn([(name, Self.parent), ("tracestate", "foo=1")]) == [:])
  }

  @Test func severalTraceparentsRestartTheTrace() async {
    #expect(
      await passedOn([("traceparent", Self.parent), ("traceparent", Self.parent), ("tracestate", "a=1")])
        == [:])
  }

  @Test func tracestateWithoutTraceparentIsDiscarded() async {
    #expect(await passedOn([("tracestate", "foo=1,bar=2")]) == [:])
  }

  @Test(arguments: ["foo=1,foo", "FOO=1", "foo=", "é"])
  func row60_invalidTracestateDoesNotTouchTheTraceparent(_ state: String) async {
    #expect(
      await passedOn([("traceparent", Self.parent), ("tracestate", state)]) == ["traceparent": Self.parent])
  }

  @Test(arguments: ["", "garbage", "ff-12345678901234567890123456789012-1234567890123456-01"])
  func row60_malformedTraceparentIsIgnored(_ text: String) async {
    #expect(await passedOn([("traceparent", text), ("tracestate", "foo=1")]) == [:])
  }

  @Test func stateOfAnotherTraceDoesNotGoOut() async {
    let outer = [(name: "traceparent", value: Self.parent), (name: "tracestate", value: "outer=1")]
    let inner = [("traceparent", "00-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-bbbbbbbbbbbbbbbb-00")]
    let headers = await propagator.withExtracted(from: outer, through: .pairs) { await passedOn(inner) }
    #expect(headers == ["traceparent": inner[0].1])
  }

  @Test func longStateIsCutInWholeMembers() async {
    let member = "k0=" + String(repeating: "v", count: 256)
    let state = "\(member),\(member.replacing("k0", with: "k1")),short=1"
    let cutting = W3CTraceContextPropagator(maxTraceStateLength: 512)
    let headers = await cutting.withExtracted(from: ["traceparent": Self.parent, "tracestate": state]) {
      var headers: [String: String] = [:]
      cutting.inject(.current, into: &headers)
      return headers
    }
    #expect(headers["tracestate"] == "\(member),short=1")
  }

  @Test func nothingIsWrittenWithoutATrace() {
    var headers: [String: String] = [:]
    propagator.inject(.current, into: &headers)
    #expect(headers == [:])
  }

  @Test func callsBelowSeeTheState() async {
    let headers = ["traceparent": Self.parent, "tracestate": "rojo=1"]
    let value = await propagator.withExtracted(from: headers) { TraceBaggage.current.state["rojo"] }
    #expect(value == "1")
    #expect(TraceBaggage.current.state.isEmpty)
  }

  @MainActor
  @Test(arguments: [[:], ["tracestate": "rojo=1"]])
  func theBodyStaysOnTheCallersActor(_ state: [String: String]) async {
    let headers = state.merging(["traceparent": Self.parent]) { $1 }
    await propagator.withExtracted(from: headers) { MainActor.preconditionIsolated() }
    await propagator.withExtracted(from: headers.map { ($0.key, $0.value) }, through: .pairs) {
      MainActor.preconditionIsolated()
    }
  }

  @Test func row100_aRepeatedKeyOverTwoHeadersCostsNobodyElse() async {
    let headers = await passedOn([
      ("traceparent", Self.parent), ("tracestate", "foo=1,rojo=2"), ("tracestate", "foo=3,congo=4"),
    ])
    #expect(headers["tracestate"] == "foo=1,rojo=2,congo=4")
  }

  @Test func row101_somebodyElsesBaggageStaysWhenATraceparentComesAlone() async {
    await CallContext.withBaggage("tenant 9") {
      await propagator.withExtracted(from: ["traceparent": Self.parent]) {
        #expect(CallContext.baggage as? String == "tenant 9")
        #expect(CallContext.baggage(of: String.self) == "tenant 9")
      }
    }
  }

  @Test func row101_somebodyElsesBaggageStaysBesideATracestate() async {
    await CallContext.withBaggage("tenant 9") {
      await propagator.withExtracted(from: ["traceparent": Self.parent, "tracestate": "rojo=1"]) {
        #expect(CallContext.baggage(of: String.self) == "tenant 9")
        #expect(TraceBaggage.current.state.header == "rojo=1")
        var headers: [String: String] = [:]
        propagator.inject(.current, into: &headers)
        #expect(headers["tracestate"] == "rojo=1")
        // An inner trace without a state takes ours away, and nothing else.
        await propagator.withExtracted(from: ["traceparent": Self.parent]) {
          #expect(CallContext.baggage(of: String.self) == "tenant 9")
          #expect(TraceBaggage.current.state.isEmpty)
        }
      }
    }
  }

  @Test func row104_whatWasCopiedDoesNotGoOutBesideOurs() async {
    let stale = [
      (name: "TraceParent", value: "00-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-bbbbbbbbbbbbbbbb-00"),
      (name: "traceparent", value: "garbage"), (name: "Host", value: "shop"),
      (name: "TRACESTATE", value: "old=1"), (name: "tracestate", value: "é"),
    ]
    var headers = stale
    await propagator.withExtracted(from: ["traceparent": Self.parent]) {
      propagator.inject(.current, into: &headers, through: .pairs)
    }
    #expect(headers.map(\.name) == ["Host", "traceparent"])
    #expect(headers.map(\.value) == ["shop", Self.parent])
    var dictionary = ["Traceparent": "garbage", "TraceState": "old=1", "host": "shop"]
    await propagator.withExtracted(from: ["traceparent": Self.parent]) {
      propagator.inject(.current, into: &dictionary)
    }
    #expect(dictionary == ["traceparent": Self.parent, "host": "shop"])
  }

  @Test(arguments: [0, 1, 3, 6, 9, 30, 70], ["", "rojo=1,congo=2"])
  func row104_aDictionaryOfAnySizeIsReadAndWrittenAlike(_ others: Int, _ state: String) async {
    let rest = Dictionary(uniqueKeysWithValues: (0..<others).map { ("x-header-\($0 + 10)", "\($0)") })
    let stale = [
      [:], ["traceparent": "old"], ["traceparent": "old", "tracestate": "old=1"], ["TraceState": "old=1"],
      ["traceparent": "old", "TRACEPARENT": "older", "tracestate": "old=1", "TraceState": "older=1"],
    ]
    var received = rest.merging(["traceparent": Self.parent]) { $1 }
    if !state.isEmpty { received["tracestate"] = state }
    for name in ["tracestate", "TraceState"] where !state.isEmpty {
      received["tracestate"] = nil
      received["TraceState"] = nil
      received[name] = state
      #expect(await propagator.withExtracted(from: received) { TraceBaggage.current.state.header } == state)
    }
    var expected = rest.merging(["traceparent": Self.parent]) { $1 }
    if !state.isEmpty { expected["tracestate"] = state }
    for stale in stale {
      var sent = rest.merging(stale) { $1 }
      await propagator.withExtracted(from: received) { propagator.inject(.current, into: &sent) }
      #expect(sent == expected)
    }
  }

  @Test func row104_carriersAreCleared() {
    var headers = [(name: "TraceParent", value: Self.parent), (name: "Host", value: "shop")]
    propagator.remove(from: &headers, through: .pairs)
    #expect(headers.map(\.name) == ["Host"])
    var dictionary = ["TRACESTATE": "a=1", "traceparent": Self.parent, "host": "shop"]
    propagator.remove(from: &dictionary)
    #expect(dictionary == ["host": "shop"])
  }

  @Test func aTraceIDWithoutASpanIsNotSent() {
    var context = CallContext.current
    context.enterSpan(TraceIDs(traceHigh: 1, traceLow: 2, span: 0, flags: 2))
    var headers: [String: String] = [:]
    propagator.inject(context, into: &headers)
    #expect(headers == [:])
  }

  @Test func flagsOfOtherFormatsAreNotSent() {
    var context = CallContext.current
    context.enterSpan(TraceIDs(traceHigh: 1, traceLow: 2, span: 3, flags: 0xFD))
    var headers: [String: String] = [:]
    propagator.inject(context, into: &headers)
    #expect(headers["traceparent"]?.suffix(3) == "-01")
  }

  /// The metadata of gRPC: a list of values for each name.
  @Test func fieldsOfAnyTypeCarryTheTraceInTheirPlace() async {
    let metadata = FieldAccess<[String: [String]]>(
      forEachValue: { fields, name, body in fields[name]?.forEach(body) },
      set: { fields, name, value in fields[name] = [value] },
      remove: { fields, name in fields[name] = nil })
    let received = ["traceparent": [Self.parent], "tracestate": ["a=1", "b=2"], "grpc-timeout": ["1S"]]
    var sent = ["traceparent": ["x", "y"], "te": ["trailers"]]
    await propagator.withExtracted(from: received, through: metadata) {
      propagator.inject(.current, into: &sent, through: metadata)
    }
    #expect(sent == ["traceparent": [Self.parent], "tracestate": ["a=1,b=2"], "te": ["trailers"]])
    propagator.remove(from: &sent, through: metadata)
    #expect(sent == ["te": ["trailers"]])
  }
}
