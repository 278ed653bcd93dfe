import Resilience

/// How the shop is: every process that is registered, by its own metrics.
struct DashboardPage {
  /// The services that there should be.
  let expected: [String]
  let processes: [ProcessStatus]
  /// What the monitor itself knows of who is where.
  let registry: RegistrySnapshot
  let collector: TraceCollectorSnapshot
  /// Of the newest thousand.
  let failedTraces: Int

  private static let refreshSeconds = 5

  // MARK: - For programs

  struct Document: Encodable {
    struct Entry: Encodable {
      var name: String
      var service: String
      var address: String
      var isReady: Bool
      var answers: Double
      var failedAnswers: Double
      var handledEvents: Double
      var deadLetters: Double
      var medianSeconds: Double?
      var percentile99Seconds: Double?
      var uptimeSeconds: Double?
      var badMetricLines: Int
    }

    var processes: [Entry]
    var troubles: [String]
  }

  var document: Document {
    Document(
      processes: processes.map { process in
        Document.Entry(
          name: process.target.name, service: process.target.service, address: process.target.address,
          isReady: process.isReady, answers: process.totals.answers, failedAnswers: process.totals.failed,
          handledEvents: process.totals.handled, deadLetters: process.totals.deadLettered,
          medianSeconds: process.recent.quantile(0.5), percentile99Seconds: process.recent.quantile(0.99),
          uptimeSeconds: process.uptimeSeconds, badMetricLines: process.page.badLines)
      }, troubles: troubles)
  }

  // MARK: - The page

  var html: String {
    let patterns = PatternTables(processes: processes)
    let sections = [
      summary, HTML.section("Processes", processTable),
      HTML.section("Answers of the gateway", patterns.answers),
      HTML.section("Calls between services", patterns.calls),
      HTML.element(
        "div", ["class": "cards"],
        HTML.section("Events", patterns.events)
          + HTML.element(
            "div", [:],
            HTML.section("Room", patterns.bulkheads) + HTML.section("Limits", patterns.limits)
              + HTML.section("Registry", patterns.registry))),
      HTML.section("Traces", traces),
      HTML.note("Looked at each 2 s; this page asks again each \(Self.refreshSeconds) s."),
    ]
    return Page(
      title: "How the storefront is", content: sections.joined(separator: "\n"),
      refreshSeconds: Self.refreshSeconds
    ).html
  }

  private var summary: String {
    let ready = processes.count(where: \.isReady)
    let lead = "\(ready) of \(processes.count) processes are ready."
    let list = troubles.map { HTML.element("li", [:], HTML.text($0)) }
    return HTML.element("p", ["class": "lead"], HTML.text(lead))
      + (list.isEmpty
        ? HTML.element("p", ["class": "good"], "✓ Nothing is wrong that can be seen from here.")
        : HTML.element("ul", ["class": "bad"], list.joined()))
  }

  /// What is wrong now, each in a sentence.
  var troubles: [String] {
    let known = Set(processes.map(\.target.service))
    let missing = expected.filter { !known.contains($0) }.map { "\($0): no instance is registered" }
    let states = processes.compactMap { process -> String? in
      switch process.state {
      case .ready: nil
      case .notReady(let status): "\(process.target.name) is not ready: it says \(status)"
      case .silent: "\(process.target.name) does not answer at \(process.target.address)"
      }
    }
    let stale = registry.services.filter(\.isStale).map { "where \($0.name) is, is not up to date" }
    let failures = processes.filter { $0.recent.failed > 0 }.map {
      "answers of \($0.target.name) with 500 or above in the last minute: "
        + Figure.number($0.recent.failed)
    }
    let unread = processes.filter { $0.page.badLines > 0 }.map {
      "lines of the metrics of \($0.target.name) that cannot be read: \($0.page.badLines)"
    }
    return missing + states + stale + failures + PatternTables(processes: processes).troubles + unread
  }

  private var processTable: String {
    HTML.table(
      [
        "process", "", "runs for", "answers/s", "answers", "failed", "half within", "99 of 100", "handled",
        "oldest", "dead letters", "answers, 5 min",
      ],
      processes.map { process in
        let (totals, recent) = (process.totals, process.recent)
        let state: HTML.Cell =
          switch process.state {
          case .ready: .markup(HTML.element("span", ["class": "good"], "✓ ready"))
          case .notReady: .text("✗ not ready", isBad: true)
          case .silent: .text("✗ silent", isBad: true)
          }
        func time(_ share: Double) -> HTML.Cell {
          .number(recent.quantile(share).map { Figure.time(seconds: $0) } ?? "–")
        }
        let oldest = process.page["event_bus_oldest_age_seconds"].map(\.value).max()
        return [
          .text(process.target.name.clipped(to: 60)), state,
          .number(process.uptimeSeconds.map(Figure.span) ?? "–"),
          .number(process.rate.map { Figure.number(($0 * 10).rounded() / 10) } ?? "–"),
          .number(Figure.number(totals.answers)),
          .number(Figure.number(totals.failed), isBad: recent.failed > 0), time(0.5), time(0.99),
          .number(Figure.number(totals.handled)), .number(oldest.map { Figure.time(seconds: $0) } ?? "–"),
          .number(Figure.number(totals.deadLettered)),
          .markup(
            Sparkline.svg(
              process.history, label: "Answers of \(process.target.name) in the last five minutes")),
        ]
      })
      + HTML.note(
        "Counts are since the process was started; answers a second and times are of the last "
          + "minute. Failed is 500 and above. Handled are events.")
  }

  private var traces: String {
    let links = [
      HTML.link("the slowest", to: "/traces", query: ["sort": "slowest"]),
      HTML.link("those that failed", to: "/traces", query: ["status": "error"]),
      HTML.link("the newest", to: "/traces"), HTML.link("who calls whom", to: "/graph"),
    ]
    let dropped = collector.counts.droppedTraces
    let text =
      "\(collector.traces) traces of \(collector.spans) spans are kept, and \(dropped) have made room for "
      + "them. In \(failedTraces) of the last \(min(1000, collector.traces)) a span has failed."
    return HTML.element("p", [:], HTML.text(text)) + HTML.element("p", [:], links.joined(separator: " · "))
  }
}
