import ResilienceCore
import ResilienceTestKit
import ResilienceTrace
import Testing

@Suite struct B3PropagatorTests {
  private static let long = "80f198ee56343ba864fe8b2a57d3eff7"
  private static let short = "e457b5a2e4d86bd1"
  private static let span = "05e3ac9a4f6e3b90"
  private static let ids = "\(long)-\(span)"

  /// What a service that only passes on sends, given these headers.
  private func passedOn(
    _ fields: [(String, String)], as form: B3Propagator.Form = .single
  ) async -> [String: String] {
    let propagator = B3Propagator(writing: form)
    return await propagator.withExtracted(from: fields, through: .pairs) {
      var headers: [String: String] = [:]
      propagator.inject(.current, into: &headers)
      return headers
    }
  }

  @Test(arguments: [
    ("\(ids)-1-\(short)", "\(ids)-1"),
    ("\(ids)-1", "\(ids)-1"),
    ("\(ids)-0", "\(ids)-0"),
    ("\(ids)-d", "\(ids)-d"),
    ("\(ids)-d-\(short)", "\(ids)-d"),
    (ids, ids),
    (" \(ids)-1\t", "\(ids)-1"),
    ("\(short)-\(span)-1", "0000000000000000\(short)-\(span)-1"),
    ("\(short)-\(span)", "0000000000000000\(short)-\(span)"),
    ("0", "0"),
  ])
  func singleHeaderIsPassedOn(_ text: String, _ sent: String) async {
    #expect(await passedOn([("b3", text)]) == ["b3": sent])
  }

  @Test(arguments: [
    "", "1", "d", "00", "garbage", "-", "\(ids)-", "\(ids)-2", "\(ids)-1-", "\(ids)-1-123", "\(ids)-\(short)",
    "\(ids)-1-\(short)-1", "\(ids)-1-\(short)0", "\(ids)-true", "\(ids)-D", "\(long)", "\(long)-",
    "\(long)-\(span.dropLast())", "\(long.dropLast())-\(span)", "\(long)0-\(span)",
    "00000000000000000000000000000000-\(span)-1", "0000000000000000-\(span)-1", "\(long)-0000000000000000-1",
    "\(long.uppercased())-\(span)-1", "\(long)-\(span)x", "\(ids)-1-05e3ac9a4f6e3b9g", "é",
  ])
  func row60_malformedSingleHeaderIsIgnored(_ text: String) async {
    #expect(await passedOn([("b3", text)]) == [:])
  }

  @Test(
    arguments: [
      ([("X-B3-TraceId", long), ("X-B3-SpanId", span), ("X-B3-Sampled", "1")], "\(ids)-1"),
      ([("x-b3-traceid", long), ("x-b3-spanid", span), ("x-b3-sampled", "0")], "\(ids)-0"),
      ([("X-B3-TraceId", long), ("X-B3-SpanId", span), ("X-B3-Sampled", "True")], "\(ids)-1"),
      ([("X-B3-TraceId", long), ("X-B3-SpanId", span), ("X-B3-Sampled", "false")], "\(ids)-0"),
      ([("X-B3-TraceId", long), ("X-B3-SpanId", span)], ids),
      ([("X-B3-TraceId", long), ("X-B3-SpanId", span), ("X-B3-Sampled", "maybe")], ids),
      ([("X-B3-TraceId", long), ("X-B3-SpanId", span), ("X-B3-Flags", "1")], "\(ids)-d"),
      (
        [("X-B3-TraceId", long), ("X-B3-SpanId", span), ("X-B3-Flags", "1"), ("X-B3-Sampled", "0")],
        "\(ids)-d"
      ),
      (
        [("X-B3-TraceId", long), ("X-B3-SpanId", span), ("X-B3-Flags", "0"), ("X-B3-Sampled", "1")],
        "\(ids)-1"
      ),
      (
        [
          ("X-B3-TraceId", short), ("X-B3-SpanId", span), ("X-B3-ParentSpanId", short), ("X-B3-Sampled", "1"),
        ],
        "0000000000000000\(short)-\(span)-1"
      ),
      ([("X-B3-Sampled", "0")], "0"),
      // The single header is preferred, and the others are read when it is not valid.
      (
        [("b3", "\(ids)-0"), ("X-B3-TraceId", short), ("X-B3-SpanId", span), ("X-B3-Sampled", "1")],
        "\(ids)-0"
      ),
      (
        [("b3", "garbage"), ("X-B3-TraceId", long), ("X-B3-SpanId", span), ("X-B3-Sampled", "1")], "\(ids)-1"
      ),
    ] as [([(String, String)], String)])
  func severalHeadersArePassedOn(_ fields: [(String, String)], _ sent: String) async {
    #expect(await passedOn(fields) == ["b3": sent])
  }

  @Test(
    arguments: [
      [("X-B3-TraceId", long)], [("X-B3-SpanId", span)], [("X-B3-Sampled", "1")],
      [("X-B3-TraceId", "x"), ("X-B3-SpanId", span), ("X-B3-Sampled", "1")],
      [("X-B3-TraceId", long), ("X-B3-SpanId", "1"), ("X-B3-Sampled", "1")],
      [("X-B3-TraceId", long), ("X-B3-SpanId", "0000000000000000")],
      [("X-B3-TraceId", long), ("X-B3-TraceId", long), ("X-B3-SpanId", span), ("X-B3-Sampled", "0")],
      [("X-B3-TraceId", long), ("X-B3-Sampled", "0")],
      [("b3", "\(ids)-1"), ("b3", "\(ids)-1")],
    ] as [[(String, String)]])
  func row60_malformedHeadersAreIgnored(_ fields: [(String, String)]) async {
    #expect(await passedOn(fields) == [:])
  }

  @Test(
    arguments: [
      ("\(ids)-1", ["x-b3-traceid": long, "x-b3-spanid": span, "x-b3-sampled": "1"]),
      ("\(ids)-0", ["x-b3-traceid": long, "x-b3-spanid": span, "x-b3-sampled": "0"]),
      ("\(ids)-d", ["x-b3-traceid": long, "x-b3-spanid": span, "x-b3-flags": "1"]),
      (ids, ["x-b3-traceid": long, "x-b3-spanid": span]),
      ("0", ["x-b3-sampled": "0"]),
    ] as [(String, [String: String])])
  func writesAHeaderForEachField(_ text: String, _ sent: [String: String]) async {
    #expect(await passedOn([("b3", text)], as: .multiple) == sent)
  }

  @Test func row104_bothFormsAreReplaced() async {
    var headers = [
      "B3": "old", "X-B3-TraceId": "old", "X-B3-ParentSpanId": "old", "x-b3-flags": "1", "host": "shop",
    ]
    let propagator = B3Propagator()
    await propagator.withExtracted(from: ["b3": "\(Self.ids)-1"]) {
      propagator.inject(.current, into: &headers)
    }
    #expect(headers == ["b3": "\(Self.ids)-1", "host": "shop"])
  }

  @Test func nothingIsWrittenWithoutATrace() {
    var headers: [String: String] = [:]
    B3Propagator(writing: .multiple).inject(.current, into: &headers)
    #expect(headers == [:])
  }

  @Test(arguments: 0..<4)
  func row60_parserIsTotalAndItsOutputValid(seed: Int) async {
    let random = SeededRandomSource(seed: UInt64(seed))
    let alphabet = Array("0123456789abcdef-- dA\u{0}é".utf8)
    for _ in 0..<1000 {
      var bytes = Array("\(Self.ids)-1-\(Self.short)".utf8.prefix(random.next(below: 70)))
      if !bytes.isEmpty, random.next(below: 2) == 0 {
        bytes[random.next(below: bytes.count)] = alphabet[random.next(below: alphabet.count)]
      }
      let sent = await passedOn([("b3", String(decoding: bytes, as: UTF8.self))])
      if let text = sent["b3"] { #expect(await passedOn([("b3", text)]) == sent) }
    }
  }

  /// What a service with a tracer sends on.
  @Test(
    arguments: [
      ("\(ids)-1", .never, "-0"), ("\(ids)-1", .parentBased(), "-1"), ("\(ids)-0", .parentBased(), "-0"),
      (ids, .parentBased(root: .always), "-1"), (ids, .parentBased(root: .never), "-0"),
      ("\(ids)-d", .parentBased(root: .never), "-d"), ("0", .parentBased(root: .always), "-0"),
    ] as [(String, Sampler, String)])
  func aTracerDecidesWhatIsLeftOpenAndKeepsWhatIsNot(_ text: String, sampler: Sampler, ending: String) async {
    let propagator = B3Propagator()
    let sent = await propagator.withExtracted(from: ["b3": text]) {
      await CallTracer(sampler: sampler).span("call") {
        var headers: [String: String] = [:]
        propagator.inject(.current, into: &headers)
        return headers["b3"] ?? ""
      }
    }
    #expect(sent.hasSuffix(ending))
    #expect(sent.utf8.count == 51)
    if text != "0" { #expect(sent.hasPrefix(Self.long)) }
    #expect(!sent.contains(Self.span))
  }
}
