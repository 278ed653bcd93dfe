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
  }
}
