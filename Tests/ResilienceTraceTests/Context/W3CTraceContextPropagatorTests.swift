import ResilienceCore
import ResilienceTrace
import Testing

/// Header fields of which a name can occur more than once.
private struct Fields: ContextCarrier {
  var all: [(name: String, value: String)]

  func values(forName name: String) -> [String] {
    all.filter { $0.name.lowercased() == name }.map(\.value)
  }

  mutating func set(_ value: String, forName name: String) {
    all.removeAll { $0.name.lowercased() == name }
    all.append((name, value))
  }
}

@Suite struct W3CTraceContextPropagatorTests {
  private static let parent = "00-12345678901234567890123456789012-1234567890123456-01"
  private let propagator = W3CTraceContextPropagator()

  /// What a service that only passes on sends, given these headers.
  private func passedOn(_ fields: [(String, String)]) async -> [String: String] {
    await propagator.withExtracted(from: Fields(all: fields)) {
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

  @Test(arguments: ["foo=1,foo=2", "FOO=1", "foo=", "é"])
  func row60_invalidTracestateDoesNotTouchTheTraceparent(_ state: String) async {
    #expect(
      await passedOn([("traceparent", Self.parent), ("tracestate", state)]) == ["traceparent": Self.parent])
  }

  @Test(arguments: ["", "garbage", "ff-12345678901234567890123456789012-1234567890123456-01"])
  func row60_malformedTraceparentIsIgnored(_ text: String) async {
    #expect(await passedOn([("traceparent", text), ("tracestate", "foo=1")]) == [:])
  }

  @Test func stateOfAnotherTraceDoesNotGoOut() async {
    let outer = Fields(all: [("traceparent", Self.parent), ("tracestate", "outer=1")])
    let inner = [("traceparent", "00-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-bbbbbbbbbbbbbbbb-00")]
    let headers = await propagator.withExtracted(from: outer) { await passedOn(inner) }
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
}
