import Foundation
import Resilience
import Synchronization
import Testing

@testable import storefront

@Suite struct OTLPDocumentTests {
  /// Two services, one of which calls the other one twice, as our exporter writes them.
  @Test func whatOurExporterWritesComesBackWithItsParents() async throws {
    let documents = Documents()
    let reporter = SpanReporter(
      to: OTLPExporter(documents.transport), policy: ReportPolicy(interval: .milliseconds(1)))
    let (shop, bank) = (tracer("shop", reporter), tracer("bank", reporter))
    struct Refusal: Error {}
    try await withThrowingTaskGroup { group in
      group.addTask { try await reporter.run() }
      let charge = ServiceCall("charge") { (isGood: Bool) in
        try await bank.span("POST /charges", kind: .server) {
          CallContext.current.emit(SpanAnnotation.attribute("pence", .integer(250)))
          if !isGood { throw Refusal() }
        }
      }.trace(shop)
      try await shop.span("order", kind: .server) {
        try await charge(true)
        try? await charge(false)
      }
      reporter.finish()
      try await group.waitForAll()
    }
    let spans = try documents.all.flatMap { try OTLPDocument(Data($0)).spans }
    #expect(spans.count == 5)
    let order = try #require(spans.first { $0.name == "order" })
    #expect(order.parent == 0)
    #expect(order.kind == .server)
    let calls = spans.filter { $0.service == "shop" && $0.kind == .client }
    #expect(calls.map(\.parent) == [order.id, order.id])
    let charges = spans.filter { $0.service == "bank" }
    #expect(charges.map(\.parent).sorted() == calls.map(\.id).sorted())
    #expect(charges.map { $0.error == nil } == [true, false])
    #expect(charges[0].attributes.contains(CollectedSpan.Attribute(key: "pence", value: "250")))
    #expect(Set(spans.map(\.trace)).count == 1)
  }

  private func tracer(_ service: String, _ reporter: SpanReporter) -> CallTracer {
    CallTracer(service, store: TraceStore(capacity: 0), reporter: reporter)
  }

  @Test func whatOtherSendersWriteIsReadToo() throws {
    let spans = try OTLPDocument(
      Data(
        """
        {"resourceSpans": [{
          "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "cart"}}]},
          "schemaUrl": "", "unknown": {"a": []},
          "scopeSpans": [{"scope": {"name": "other"}, "spans": [{
            "traceId": "4BF92F3577B34DA6A3CE929D0E0E4736", "spanId": "00f067aa0ba902b7", "parentSpanId": "",
            "name": "GET /", "kind": 2, "startTimeUnixNano": 1700000000000000000,
            "endTimeUnixNano": "1700000000000000500", "status": {"code": 2, "message": "why"},
            "attributes": [
              {"key": "list", "value": {"arrayValue": {"values": [{"intValue": "-1"}, {"boolValue": true}]}}},
              {"key": "map", "value": {"kvlistValue": {"values": [{"key": "k", "value": {"doubleValue": 0.5}}]}}},
              {"key": "strange", "value": {"doubleValue": "NaN"}}, {"key": "none", "value": {}}],
            "events": [{"timeUnixNano": "1700000000000000100", "name": "exception"}],
            "links": [{"traceId": "4bf92f3577b34da6a3ce929d0e0e4736", "spanId": "00f067aa0ba902b8"}]
          }]}]}]}
        """.utf8)
    ).spans
    let span = try #require(spans.first)
    #expect("\(span.trace)" == "4bf92f3577b34da6a3ce929d0e0e4736")
    #expect(span.id.hexadecimal == "00f067aa0ba902b7")
    #expect((span.parent, span.service, span.kind, span.nanoseconds) == (0, "cart", .server, 500))
    #expect(span.error == "why")
    #expect(span.attributes.map(\.value) == ["[-1, true]", "{k: 0.5}", "NaN", ""])
    #expect(span.events.map(\.name) == ["exception"])
    #expect(span.links.map(\.span.hexadecimal) == ["00f067aa0ba902b8"])
    #expect(try OTLPDocument(Data("{}".utf8)).spans.isEmpty)
  }

  static let good = [
    "traceId": "\"4bf92f3577b34da6a3ce929d0e0e4736\"", "spanId": "\"00f067aa0ba902b7\"",
    "startTimeUnixNano": "\"5\"", "endTimeUnixNano": "\"6\"",
  ]

  static func document(_ changes: [String: String]) -> Data {
    let fields = good.merging(changes) { $1 }.filter { !$0.value.isEmpty }
    let span = fields.map { "\"\($0.key)\": \($0.value)" }.joined(separator: ", ")
    return Data("{\"resourceSpans\": [{\"scopeSpans\": [{\"spans\": [{\(span)}]}]}]}".utf8)
  }

  @Test(
    arguments: [
      ("traceId", "\"xyz\""), ("traceId", "\"00000000000000000000000000000000\""), ("traceId", "7"),
      ("traceId", ""), ("spanId", "\"0000000000000000\""), ("spanId", "\"+0f067aa0ba902b7\""),
      ("spanId", "null"),
      ("parentSpanId", "\"1\""), ("startTimeUnixNano", "\"-1\""), ("startTimeUnixNano", "-1"),
      ("startTimeUnixNano", "1e30"), ("endTimeUnixNano", "\"18446744073709551616\""), ("kind", "\"server\""),
      ("kind", "1e30"), ("status", "{\"code\": 1e30}"),
      ("name", "[]"), ("attributes", "{}"), ("attributes", "[{}]"), ("events", "[{\"timeUnixNano\": \"x\"}]"),
      ("links", "[{\"traceId\": \"x\"}]"), ("status", "7"),
    ])
  func whatCannotBeReadIsRefusedByItsField(field: String, value: String) throws {
    let error = try #require(throws: OTLPDocument.Unreadable.self) {
      try OTLPDocument(Self.document([field: value]))
    }
    #expect(error.field.hasPrefix("resourceSpans[0].scopeSpans[0].spans[0].\(field)"), "\(error)")
    #expect(!error.reason.isEmpty)
  }

  @Test(arguments: ["", "{", "[]", "nonsense", "{\"resourceSpans\": 1}", "\u{0}"])
  func whatIsNoDocumentIsRefused(text: String) {
    #expect(throws: OTLPDocument.Unreadable.self) { try OTLPDocument(Data(text.utf8)) }
  }

  @Test func listsWithinListsEndSomewhere() throws {
    for depth in [100, 100_000] {
      let open = String(repeating: "{\"arrayValue\": {\"values\": [", count: depth)
      let close = String(repeating: "]}}", count: depth)
      let document = Self.document(["attributes": "[{\"key\": \"k\", \"value\": \(open)\(close)}]"])
      #expect(throws: OTLPDocument.Unreadable.self) { try OTLPDocument(document) }
    }
  }

  @Test func whatIsTooLongIsCutOff() throws {
    let long = String(repeating: "é", count: 5000)
    let attributes = (0..<200).map { "{\"key\": \"\($0)\", \"value\": {\"stringValue\": \"\(long)\"}}" }
    let span = try #require(
      OTLPDocument(
        Self.document(["name": "\"\(long)\"", "attributes": "[\(attributes.joined(separator: ","))]"])
      ).spans.first)
    #expect(span.name == String(repeating: "é", count: 128) + "…")
    #expect(span.attributes.count == CollectedSpan.maxListCount)
    #expect(span.attributes.allSatisfy { $0.value.utf8.count <= CollectedSpan.maxValueBytes + 3 })
    #expect("aé".clipped(to: 2) == "a…")
  }

  @Test func aSpanThatEndsBeforeItBeganTookNoTime() throws {
    let document = Self.document(["startTimeUnixNano": "\"9\"", "endTimeUnixNano": "\"4\""])
    #expect(try OTLPDocument(document).spans.map(\.nanoseconds) == [0])
  }
}

/// What a reporter has sent.
private final class Documents: Sendable {
  private let bodies = Mutex<[[UInt8]]>([])

  var all: [[UInt8]] { bodies.withLock { $0 } }

  var transport: AnyHandler<OTLPRequest, Void> {
    ServiceCall("collector") { [self] (request: OTLPRequest) in bodies.withLock { $0.append(request.body) } }
      .erased()
  }
}
