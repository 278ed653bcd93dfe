import ResilienceCore
import ResilienceTestKit
import Testing

@testable import ResilienceTrace

@Suite struct WaterfallTests {
  @Test func showsAttemptsEventsVerdictsAndTimes() throws {
    let store = TraceStore()
    try Simulation(seed: 7).run { sim in
      let shop = CallTracer("shop", store: store)
      let bank = CallTracer("bank", store: store)
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
                · call.resend_count=1
        ✓       bank: charge           50.000  20.000 ms |                         ##########     |
        –   shop: survey               80.000   0.000 ms |                                       #| Refused()

        """)
  }

  @Test func marksSpansWhoseParentIsNotHere() async throws {
    let store = TraceStore(capacity: 1)
    let tracer = CallTracer(store: store)
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

  private static let nasty = "a\nb\r\t\u{1B}[31mred\u{7F}\u{85}\u{2028}\u{202E}x"

  @Test func row91_namesAndTextsStayOnTheirLine() async throws {
    struct Nasty: Error, CustomStringConvertible { var description: String }
    let store = TraceStore()
    await #expect(throws: Nasty.self) {
      try await CallTracer("s\(Self.nasty)", store: store).span("n\(Self.nasty)") {
        CallContext.current.emit(SpanAnnotation.attribute("k\(Self.nasty)", .string("v\(Self.nasty)")))
        CallContext.current.emit(SpanAnnotation.status(.error("m\(Self.nasty)")))
        CallContext.current.emit(NamedEvent(name: "e\(Self.nasty)"))
        throw Nasty(description: "t\(Self.nasty)")
      }
    }
    let escaped = #"a\nb\r\t\u{1B}[31mred\u{7F}\u{85}\u{2028}\u{202E}x"#
    let text = store.waterfall(of: store.traces[0])
    let lines = text.split(separator: "\n")
    #expect(lines.count == 5)
    #expect(lines[1].contains("s\(escaped): n\(escaped)"))
    #expect(lines[1].hasSuffix("t\(escaped)"))
    #expect(lines[2].contains("k\(escaped)=v\(escaped)"))
    #expect(lines[3].contains("e\(escaped)"))
    #expect(lines[4].contains("error: m\(escaped)"))
    for scalar in text.unicodeScalars where scalar != "\n" {
      #expect(scalar.properties.generalCategory != .control)
    }
    let html = store.htmlWaterfall(of: store.traces[0])
    #expect(html.contains("s\(escaped): n\(escaped)"))
    for scalar in html.unicodeScalars where scalar != "\n" {
      #expect(scalar.properties.generalCategory != .control)
    }
    let graph = store.serviceGraph()
    #expect(graph.description == "")
  }

  @Test func row91_namesStayOnTheirLineInTheGraphAndOnTheCriticalPath() throws {
    let store = TraceStore()
    try Simulation(seed: 1).run { sim in
      await CallTracer("s\(Self.nasty)", store: store).span("n\(Self.nasty)") {
        await CallTracer("t\(Self.nasty)", store: store).span("m\(Self.nasty)", kind: .server) {
          try? await sim.sleep(for: .milliseconds(20))
        }
      }
    }
    let escaped = #"a\nb\r\t\u{1B}[31mred\u{7F}\u{85}\u{2028}\u{202E}x"#
    let graph = store.serviceGraph().description
    #expect(graph.split(separator: "\n").count == 1)
    #expect(graph.hasPrefix("s\(escaped) → t\(escaped): 1 call, 0 failed, "))
    let path = store.criticalPath(of: store.traces[0]).map(\.description)
    #expect(path == ["t\(escaped): m\(escaped) 0.02 seconds"])
  }

  @Test func row91_namesCannotBecomeMarkup() async throws {
    let store = TraceStore()
    let evil = "<script>alert('x')</script>\"&<\u{338}b>"
    await CallTracer(evil, store: store).span(evil) {
      CallContext.current.emit(SpanAnnotation.attribute(evil, .string(evil)))
      CallContext.current.emit(NamedEvent(name: evil))
    }
    let html = store.htmlWaterfall(of: store.traces[0])
    #expect(!html.contains("<script"))
    #expect(html.contains("&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;&quot;&amp;&lt;\u{338}b&gt;"))
    // Every tag is one of the page's own.
    let own = [
      "!DOCTYPE", "html", "head", "meta", "title", "style", "body", "h1", "p", "table", "tr", "th", "td",
      "ul", "li", "div",
    ]
    for part in html.unicodeScalars.split(separator: "<").dropFirst() {
      let name = String(
        part.drop { $0 == "/" }.prefix { $0 == "!" || $0.properties.isAlphabetic || ("0"..."9").contains($0) }
      )
      #expect(own.contains(name), "unknown tag \(name)")
    }
  }

  @Test func htmlShowsEachSpan() throws {
    let store = TraceStore()
    try Simulation(seed: 1).run { sim in
      let tracer = CallTracer("shop", store: store)
      await tracer.span("order") {
        try? await sim.sleep(for: .milliseconds(10))
        await tracer.span("pay") { try? await sim.sleep(for: .milliseconds(30)) }
      }
    }
    let html = store.htmlWaterfall(of: store.traces[0])
    #expect(html.hasPrefix("<!DOCTYPE html>"))
    #expect(html.hasSuffix("</html>\n"))
    #expect(html.contains("2 spans, 40.000 ms"))
    #expect(
      html.contains(
        "<tr class=\"success\"><td style=\"padding-left:1em\">✓ shop: pay</td><td>10.000</td><td>30.000</td>"
          + "<td><div style=\"margin-left:25.00%;width:75.00%\"></div></td></tr>"))
    #expect(store.htmlWaterfall(of: TraceID(high: 0, low: 1)).contains("No spans."))
  }

  @Test func row105_aChainOfFourThousandHopsIsDrawnInLinearText() async throws {
    let store = TraceStore()
    let tracer = CallTracer("s", store: store)
    let hops = 4000
    // One after another, each below the one before: as over 4000 processes.
    var context = CallContext.current
    var contexts = [context]
    for _ in 0..<hops {
      _ = tracer.enterSpan(&context)
      contexts.append(context)
    }
    for hop in stride(from: hops, to: 0, by: -1) {
      tracer.exitSpan(contexts[hop], from: contexts[hop - 1], "hop", .internal, .success, nil)
    }
    let text = store.waterfall(of: store.traces[0])
    #expect(text.split(separator: "\n").count == hops + 1)
    #expect(text.utf8.count < hops * 160)
    #expect(text.contains("[3999] s: hop"))
    #expect(store.htmlWaterfall(of: store.traces[0]).utf8.count < hops * 200)
    #expect(store.criticalPath(of: store.traces[0]).count <= hops)
  }

  @Test func row105_triesOfAHedgeAndARetryHaveDifferentLabels() async throws {
    let store = TraceStore()
    let call = ServiceCall("stock") { (_: Int, context: CallContext) in
      if context.attempt == 1 { throw Declined() }
    }
    // A retry around something that makes attempts of its own, of which nobody says that it is a hedge.
    try await FakeRetry(base: FakeRetry(base: call)).trace(CallTracer(store: store))(1)
    // A hedge alone.
    try await FakeRetry(base: call, event: "hedge.started", maker: .hedgeTry)
      .trace(CallTracer(store: store), "hedged")(1)
    // A hedge whose first try was enough, within a retry that made one attempt.
    let quick = FakeRetry(base: ServiceCall("quick") { (_: Int) in }, maker: .hedgeTry)
    try await FakeRetry(base: quick).trace(CallTracer(store: store))(1)
    let labels = store.traces.map { trace in
      store.waterfall(of: trace).split(separator: "\n").dropFirst().filter { !$0.contains("·") }
        .map { $0.dropFirst(2).split(separator: "  ")[0].trimmed }
    }
    #expect(
      labels == [
        ["stock", "stock attempt 1", "stock attempt 1.1", "stock attempt 1.2"],
        ["hedged", "hedged hedge try 1", "hedged hedge try 2"],
        ["quick", "quick attempt 1", "quick hedge try 1.1"],
      ])
    #expect(labels.allSatisfy { Set($0).count == $0.count })
  }
}

private struct NamedEvent: ResilienceEvent {
  var name: String
  let attributes: [EventAttribute] = []
}

extension Substring {
  fileprivate var trimmed: String { String(drop { $0 == " " }) }
}
