import Foundation
import ResilienceCore
import ResilienceTestKit
import ResilienceTrace
import Testing

@Suite struct OTLPTests {
  /// A few spans with everything that a span can have.
  static func batch() throws -> SpanBatch {
    struct Event: ResilienceEvent {
      let name = "note \"quoted\" \\ \n\u{1}\u{7F}é🙂"
      let attributes = [
        EventAttribute("big", .integer(.max)), EventAttribute("small", .integer(.min)),
        EventAttribute("half", .number(0.5)), EventAttribute("tiny", .number(.leastNonzeroMagnitude)),
        EventAttribute("huge", .number(1.7976931348623157e308)), EventAttribute("nan", .number(.nan)),
        EventAttribute("inf", .number(-.infinity)), EventAttribute("yes", .boolean(true)),
        EventAttribute("no", .boolean(false)), EventAttribute("", .string("")),
      ]
    }
    let store = TraceStore(limits: SpanLimits(attributes: 2, events: 2, links: 1))
    try Simulation(seed: 9).run { sim in
      let shop = CallTracer("shop", store: store)
      let bank = CallTracer("", store: store)
      let charge = ServiceCall("charge") { (_: Int) in
        try await sim.sleep(for: .milliseconds(20))
        throw Declined()
      }
      await shop.span("order", kind: .server) {
        let context = CallContext.current
        for number in 1...3 {
          context.emit(Event())
          context.emit(SpanAnnotation.attribute("k\(number)", .integer(Int64(number))))
          context.emit(
            SpanAnnotation.link(
              SpanRecord.Link(
                to: TraceIDs(traceHigh: 0, traceLow: 1, span: 2, flags: 0),
                attributes: [EventAttribute("why", .string("batch"))])))
        }
        _ = try? await charge.trace(bank)(1)
        await shop.span("fine") { CallContext.current.emit(SpanAnnotation.status(.ok)) }
      }
    }
    return SpanBatch(spans: store.allSpans, epoch: UnixTime(nanoseconds: 1_700_000_000_123_456_789))
  }

  static func text(_ encoder: OTLPEncoder = OTLPEncoder()) throws -> String {
    try String(decoding: encoder.encode(batch()), as: UTF8.self)
  }

  @Test func isWrittenAsTheSpecificationSays() throws {
    let span = SpanBatch(
      spans: try Array(Self.batch().spans.prefix(1)), epoch: UnixTime(nanoseconds: 1_700_000_000_000_000_000))
    let ids = span.spans[0].ids
    let parent = String(span.spans[0].parent, radix: 16)
    let padded = String(repeating: "0", count: 16 - parent.count) + parent
    let spanID = String(ids.span, radix: 16)
    #expect(
      String(decoding: OTLPEncoder().encode(span), as: UTF8.self)
        == #"{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"unknown_service"}}]},"#
        + #""scopeSpans":[{"scope":{"name":"swift-resilience"},"spans":[{"traceId":"\#(ids.traceID)","#
        + #""spanId":"\#(String(repeating: "0", count: 16 - spanID.count) + spanID)","parentSpanId":"\#(padded)","flags":3,"#
        + #""name":"charge","kind":3,"startTimeUnixNano":"1700000000000000000","endTimeUnixNano":"1700000000020000000","#
        + #""status":{"code":2,"message":"card declined"}}]}]}]}"#)
  }

  @Test func isJSON() throws {
    let document = try JSONSerialization.jsonObject(with: Data(Self.text().utf8)) as? [String: Any]
    let resources = try #require(document?["resourceSpans"] as? [[String: Any]])
    #expect(resources.count == 2)
    let scopes = try #require(resources[1]["scopeSpans"] as? [[String: Any]])
    let spans = try #require(scopes[0]["spans"] as? [[String: Any]])
    #expect(spans.map { $0["name"] as? String } == ["fine", "order"])
    let order = spans[1]
    #expect(order["parentSpanId"] == nil)
    #expect(order["kind"] as? Int == 2)
    #expect(order["startTimeUnixNano"] as? String == "1700000000123456789")
    #expect(order["droppedAttributesCount"] as? Int == 1)
    #expect(order["droppedEventsCount"] as? Int == 1)
    #expect(order["droppedLinksCount"] as? Int == 2)
    let events = try #require(order["events"] as? [[String: Any]])
    #expect(events[0]["name"] as? String == "note \"quoted\" \\ \n\u{1}\u{7F}é🙂")
    let attributes = try #require(events[0]["attributes"] as? [[String: Any]])
    let values = attributes.map { $0["value"] as? [String: Any] ?? [:] }
    #expect(values[0]["intValue"] as? String == "9223372036854775807")
    #expect(values[1]["intValue"] as? String == "-9223372036854775808")
    #expect(values[2]["doubleValue"] as? Double == 0.5)
    #expect(values[5]["doubleValue"] as? String == "NaN")
    #expect(values[6]["doubleValue"] as? String == "-Infinity")
    #expect(values[7]["boolValue"] as? Bool == true)
    let links = try #require(order["links"] as? [[String: Any]])
    #expect(links[0]["traceId"] as? String == "00000000000000000000000000000001")
    #expect(links[0]["spanId"] as? String == "0000000000000002")
    #expect((spans[0]["status"] as? [String: Any])?["code"] as? Int == 1)
  }

  @Test func resourceIsAdded() throws {
    let text = try Self.text(OTLPEncoder(resource: [EventAttribute("service.version", .string("2"))]))
    #expect(text.contains(#"{"key":"service.version","value":{"stringValue":"2"}}]}"#))
  }

  @Test func transportIsAHandlerWhoseVerdictCounts() async throws {
    let sent = Lock<[OTLPRequest]>([])
    let collector = ServiceCall("collector") { (request: OTLPRequest) in
      sent.withLock { $0.append(request) }
      return sent.withLock { $0.count } == 1 ? 200 : 503
    }
    .classify { if case .success(let status) = $0, status != 200 { .failure } else { nil } }
    let exporter = OTLPExporter(collector)
    let batch = try Self.batch()
    try await exporter.export(batch)
    let error = await #expect(throws: OTLPRefused.self) { try await exporter.export(batch) }
    #expect(error?.description == "the collector refused the spans: 503")
    let requests = sent.withLock { $0 }
    #expect(requests[0].body == OTLPEncoder().encode(batch))
    #expect(requests[0].spanCount == 3)
    #expect(requests[0].path == "/v1/traces")
    #expect(requests[0].contentType == "application/json")
  }

  /// For a check against the official schema outside this package.
  @Test(.enabled(if: ProcessInfo.processInfo.environment["OTLP_SAMPLE"] != nil, "OTLP_SAMPLE names no file"))
  func sampleIsWritten() throws {
    let path = try #require(ProcessInfo.processInfo.environment["OTLP_SAMPLE"])
    try Self.text(OTLPEncoder(resource: [EventAttribute("service.version", .string("1"))]))
      .write(toFile: path, atomically: true, encoding: .utf8)
  }
}
