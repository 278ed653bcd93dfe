import Resilience

/// The traces that were asked for.
struct TracesPage {
  let query: TraceQuery
  let found: [FoundTrace]
  let collector: TraceCollectorSnapshot

  struct Document: Encodable {
    struct Entry: Encodable {
      var traceId: String
      var service: String
      var name: String
      var startUnixNano: String
      var durationNanoseconds: UInt64
      var spans: Int
      var failedSpans: Int
      var services: [String]
      /// Of the spans that are what was asked for the one that took longest.
      var slowestMatch: Match
    }

    struct Match: Encodable {
      var service: String
      var name: String
      var durationNanoseconds: UInt64
    }

    var traces: [Entry]
  }

  var document: Document {
    Document(
      traces: found.map { found in
        let (trace, root, slowest) = (found.trace, found.trace.root, found.slowest)
        return Document.Entry(
          traceId: "\(trace.id)", service: root?.service ?? "", name: root?.name ?? "",
          startUnixNano: "\(trace.start)", durationNanoseconds: trace.nanoseconds, spans: trace.spans.count,
          failedSpans: trace.failures, services: Set(trace.spans.map(\.service)).sorted(),
          slowestMatch: Document.Match(
            service: slowest.service, name: slowest.name, durationNanoseconds: slowest.nanoseconds))
      })
  }

  var html: String { Page(title: "Traces", content: form + list + kept).html }

  private var form: String {
    func field(_ label: String, _ name: String, _ value: String) -> String {
      HTML.element("label", [:], HTML.text(label) + HTML.empty("input", ["name": name, "value": value]))
    }
    func choice(_ label: String, _ name: String, _ value: String, _ options: [(String, String)]) -> String {
      let options = options.map { key, text in
        key == value
          ? HTML.element("option", ["value": key, "selected": ""], HTML.text(text))
          : HTML.element("option", ["value": key], HTML.text(text))
      }
      return HTML.element(
        "label", [:], HTML.text(label) + HTML.element("select", ["name": name], options.joined()))
    }
    let status = query.isError.map { $0 ? "error" : "ok" } ?? ""
    let minimum =
      switch query.minNanoseconds {
      case 0: ""
      case let time where time % 1_000_000 == 0: "\(time / 1_000_000)ms"
      case let time where time % 1000 == 0: "\(time / 1000)us"
      case let time: "\(time)ns"
      }
    return HTML.element(
      "form", ["action": "/traces"],
      field("service", "service", query.service ?? "") + field("name of a span", "name", query.name ?? "")
        + field("text of an attribute", "text", query.text ?? "")
        + choice("status", "status", status, [("", "any"), ("error", "failed"), ("ok", "not failed")])
        + field("took at least (50ms, 1.5s)", "minDuration", minimum)
        + choice("first the", "sort", query.order.rawValue, [("newest", "newest"), ("slowest", "slowest")])
        + field("how many", "limit", "\(query.limit)") + HTML.element("button", [:], "Find"))
      + HTML.note("A trace is found when one of its spans is all of this.")
  }

  private var list: String {
    guard !found.isEmpty else {
      return collector.traces == 0
        ? HTML.element(
          "p", [:],
          "No spans have come. They are taken as OTLP/JSON, at <code>/v1/traces</code> of this address.")
        : HTML.element("p", [:], "No trace that is kept is like this.")
    }
    return HTML.table(
      ["begun", "first span", "took", "longest match", "spans", "failed", "services"],
      found.map { found in
        let (trace, root, slowest) = (found.trace, found.trace.root, found.slowest)
        let begun = HTML.link(HTML.text(Figure.instant(nanoseconds: trace.start)), to: "/traces/\(trace.id)")
        return [
          .markup(begun), .text("\(root?.service ?? ""): \(root?.name ?? "")".clipped(to: 80)),
          .number(Figure.time(nanoseconds: trace.nanoseconds)),
          .text(
            "\(Figure.time(nanoseconds: slowest.nanoseconds)) \(slowest.service): \(slowest.name)".clipped(
              to: 80)),
          .number("\(trace.spans.count)"), .number("\(trace.failures)", isBad: trace.failures > 0),
          .text(Set(trace.spans.map(\.service)).sorted().joined(separator: ", ").clipped(to: 120)),
        ]
      })
  }

  private var kept: String {
    let counts = collector.counts
    var text = "\(collector.traces) traces of \(collector.spans) spans are kept"
    text += ", in some \(collector.bytes >> 10) KiB of \(collector.maxBytes >> 10) KiB."
    if counts.droppedTraces > 0 { text += " \(counts.droppedTraces) traces have made room for later ones." }
    if counts.excess > 0 { text += " \(counts.excess) spans were left out, as their trace was too large." }
    if collector.refusedDocuments > 0 {
      text += " \(collector.refusedDocuments) documents could not be read."
    }
    return HTML.note(text)
  }
}
