import Resilience

/// A trace as bars over its time, a row for each span, through all processes.
struct TracePage {
  let trace: CollectedTrace
  private let rows: [SpanRows.Row]
  /// More are not drawn.
  static let maxRows = 2000

  init(_ trace: CollectedTrace) {
    self.trace = trace
    rows = SpanRows(trace.spans).rows
  }

  // MARK: - For programs

  struct Document: Encodable {
    struct Span: Encodable {
      var spanId: String
      /// `nil` for the first span.
      var parentSpanId: String?
      var depth: Int
      var service: String
      var name: String
      var kind: String
      var startUnixNano: String
      var durationNanoseconds: UInt64
      /// Why it failed; `nil` for one that did not.
      var error: String?
      var attributes: [Attribute]
      var events: [Event]
      var links: [Link]
    }

    struct Attribute: Encodable {
      var key: String
      var value: String
    }

    struct Event: Encodable {
      var name: String
      var unixNano: String
      var attributes: [Attribute]
    }

    struct Link: Encodable {
      var traceId: String
      var spanId: String
    }

    var traceId: String
    var durationNanoseconds: UInt64
    var spans: [Span]
  }

  var document: Document {
    func attributes(_ attributes: [CollectedSpan.Attribute]) -> [Document.Attribute] {
      attributes.map { Document.Attribute(key: $0.key, value: $0.value) }
    }
    let spans = rows.map { row in
      let span = row.span
      return Document.Span(
        spanId: span.id.hexadecimal, parentSpanId: span.parent == 0 ? nil : span.parent.hexadecimal,
        depth: row.depth, service: span.service, name: span.name, kind: Self.kind(span),
        startUnixNano: "\(span.start)", durationNanoseconds: span.nanoseconds, error: span.error,
        attributes: attributes(span.attributes),
        events: span.events.map {
          Document.Event(
            name: $0.name, unixNano: "\($0.nanoseconds)", attributes: attributes($0.attributes))
        },
        links: span.links.map { Document.Link(traceId: "\($0.trace)", spanId: $0.span.hexadecimal) })
    }
    return Document(traceId: "\(trace.id)", durationNanoseconds: trace.nanoseconds, spans: spans)
  }

  private static func kind(_ span: CollectedSpan) -> String { span.kind.map { "\($0)" } ?? "unspecified" }

  // MARK: - The page

  var html: String {
    let services = Set(trace.spans.map(\.service)).sorted()
    var summary = "\(trace.spans.count) spans of \(services.joined(separator: ", "))"
    summary += " in \(Figure.time(nanoseconds: trace.nanoseconds)), begun "
    let begun = HTML.element("span", ["class": "whole"], HTML.text(Figure.instant(nanoseconds: trace.start)))
    var content = HTML.element("p", ["class": "lead"], HTML.text(summary) + begun + ".")
    if trace.failures > 0 {
      content += HTML.element("p", ["class": "bad"], "✗ \(trace.failures) of them failed.")
    }
    content += rows.prefix(Self.maxRows).map(markup).joined(separator: "\n")
    if rows.count > Self.maxRows { content += HTML.note("\(rows.count - Self.maxRows) more are not drawn.") }
    content += HTML.note(
      "A row opens with what is known of its span. “?” is before one whose parent has not come.")
    return Page(title: "Trace \(trace.id)", content: content).html
  }

  private func markup(_ row: SpanRows.Row) -> String {
    let span = row.span
    let total = Double(max(1, trace.nanoseconds))
    let from = Double(span.start - trace.start) / total * 100
    let size = Double(span.nanoseconds) / total * 100
    let style = "--depth: \(min(row.depth, 14)); --from: \(Self.percent(from)); --size: \(Self.percent(size))"
    let sign = span.error == nil ? "" : "✗ "
    let label = "\(row.isOrphan ? "? " : "")\(sign)\(span.service): \(Self.label(span))"
    let bar = HTML.element("span", ["class": "track"], HTML.element("i", [:], ""))
    let summary = HTML.element(
      "summary", [:],
      HTML.element("span", ["class": "label", "title": label], HTML.text(label)) + bar
        + HTML.element("span", ["class": "number"], HTML.text(Figure.time(nanoseconds: span.nanoseconds))))
    return HTML.element(
      "details", ["class": span.error == nil ? "span" : "span failed", "style": style],
      summary + HTML.element("div", ["class": "facts"], facts(span)))
  }

  /// A delivery is named by the group that handles; which type of event it is, its events say.
  private static func label(_ span: CollectedSpan) -> String {
    let type = span.events.lazy.flatMap(\.attributes).first { $0.key == "type" }?.value
    guard span.kind == .consumer, let type else { return span.name }
    return span.name == span.service ? "← \(type)" : "\(span.name) ← \(type)"
  }

  /// With a point in every locale.
  private static func percent(_ value: Double) -> String {
    let thousandths = Int((min(100, max(0, value)) * 1000).rounded())
    let fraction = String(thousandths % 1000)
    return "\(thousandths / 1000).\(String(repeating: "0", count: 3 - fraction.count))\(fraction)%"
  }

  private func facts(_ span: CollectedSpan) -> String {
    var facts: [(String, String)] = [
      ("kind", Self.kind(span)), ("span", span.id.hexadecimal),
      ("began", "after \(Figure.time(nanoseconds: span.start - trace.start))"),
    ]
    if span.parent != 0 { facts.insert(("parent", span.parent.hexadecimal), at: 2) }
    if let error = span.error {
      facts.append(("error", error.isEmpty ? "it failed, and does not say why" : error))
    }
    facts += span.attributes.map { ($0.key, $0.value) }
    facts += span.events.map { event in
      let after = Figure.time(
        nanoseconds: event.nanoseconds > trace.start ? event.nanoseconds - trace.start : 0)
      let details = event.attributes.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
      return ("event after \(after)", "\(event.name) \(details)")
    }
    let links = span.links.map { link in
      HTML.element(
        "p", [:],
        "link to span \(link.span.hexadecimal) of "
          + HTML.link(HTML.text("trace \(link.trace)"), to: "/traces/\(link.trace)"))
    }
    let rows = facts.map { name, value in
      HTML.element(
        "tr", [:], HTML.element("td", [:], HTML.text(name)) + HTML.element("td", [:], HTML.text(value)))
    }
    return HTML.element("table", [:], rows.joined()) + links.joined()
  }
}
