import Foundation

/// The names of events, attributes and metrics, as the sources spell them: what dashboards and alarms go by.
struct SignalNames {
  struct Metric: Hashable {
    let name: String
    let kind: String
    /// Empty for one that is not explained.
    var help = ""
  }

  /// By module, in the order of their names.
  private(set) var events: [String: Set<String>] = [:]
  private(set) var attributes: [String: Set<String>] = [:]
  private(set) var metrics: [String: Set<Metric>] = [:]
  /// Metrics whose name is no literal: they would not be on the page.
  private(set) var unnamed: [String] = []

  init(sources: URL) throws {
    for file in SourceRules.swiftFiles(below: sources) {
      let module = file.path.dropFirst(sources.path.count + 1).prefix { $0 != "/" }
      add(try String(contentsOf: file, encoding: .utf8), of: String(module))
    }
  }

  init(_ text: String, module: String) {
    add(text, of: module)
  }

  private mutating func add(_ source: String, of module: String) {
    let text = source.replacing(/(?m)^ *\/\/.*$/, with: "")
    if text.contains(/: ResilienceEvent\b/) {
      for match in text.matches(of: /"([a-z][A-Za-z_]*\.[A-Za-z_.]+)"/) {
        events[module, default: []].insert(String(match.1))
      }
    }
    for match in text.matches(of: /EventAttribute\(\s*"([^"\\]+)"/) {
      attributes[module, default: []].insert(String(match.1))
    }
    for match in text.matches(of: /\.seconds\(\s*"([^"]+)",/) {
      attributes[module, default: []].insert("\(match.1)_seconds")
    }
    for part in text.split(separator: /\bMetric\(\s*/, omittingEmptySubsequences: false).dropFirst() {
      if let match = part.prefixMatch(of: /"([^"]+)",\s*\.(counter|gauge|histogram)\b/) {
        let help = part.firstMatch(of: /\bhelp:\s*"([^"]+)"/)?.1 ?? ""
        metrics[module, default: []].insert(
          Metric(name: String(match.1), kind: String(match.2), help: String(help)))
      } else if let match = part.prefixMatch(of: /[a-z$][A-Za-z0-9.]*,/) {
        unnamed.append(String(match.0))
      }
    }
  }

  // MARK: - The rule

  /// What events and metrics begin with.
  static let patterns: Set<String> = [
    "abandoned_work", "balancer", "bulkhead", "bulkheads", "call", "circuit_breaker", "circuit_breakers",
    "coalescing",
    "event_broker", "event_bus",
    "fallback", "fault", "health", "hedge", "inbox", "journal", "network",
    "outlier", "rate_limiter", "registry",
    "retry",
    "retry_budget", "service", "span", "span_reporter", "throttle", "throttles", "timeout", "trace_store",
  ]

  /// Each violation is a sentence.
  var violations: [String] {
    var found = unnamed.map { "the name of a metric is no literal: \($0)" }
    for name in Set(events.values.joined()).sorted() {
      guard name.wholeMatch(of: /([a-z]+(?:_[a-z]+)*)\.[a-z]+(?:_[a-z]+)*/) != nil else {
        found.append("the event \(name) is not a pattern, a dot and a name in snake case")
        continue
      }
      if !Self.patterns.contains(String(name.prefix { $0 != "." })) {
        found.append("the event \(name) begins with no pattern")
      }
    }
    for name in Set(attributes.values.joined()).sorted()
    where name.wholeMatch(of: /([a-z]+(_[a-z]+)*\.)?[a-z]+(_[a-z]+)*/) == nil || Self.hasSmallUnit(name) {
      found.append("the attribute \(name) is not in snake case, or its unit is none of the base units")
    }
    for metric in Set(metrics.values.joined()).sorted(by: { $0.name < $1.name }) {
      let name = metric.name
      if name.wholeMatch(of: /[a-z]+(_[a-z]+)*/) == nil || Self.hasSmallUnit(name) {
        found.append("the metric \(name) is not in snake case, or its unit is none of the base units")
      }
      if name.hasSuffix("_total") != (metric.kind == "counter") {
        found.append("the metric \(name) is a \(metric.kind): counters, and nothing else, end with _total")
      }
      if !metric.help.hasSuffix(".") { found.append("the metric \(name) has no help of a sentence") }
      if !Self.patterns.contains(where: { name == $0 || name.hasPrefix("\($0)_") }) {
        found.append("the metric \(name) begins with no pattern")
      }
    }
    return found
  }

  private static func hasSmallUnit(_ name: String) -> Bool {
    name.contains(/nanoseconds|microseconds|milliseconds|_ms\b|_ns\b/)
  }

  // MARK: - The page

  /// The page of the documentation that lists them all.
  var page: String {
    var text = """
      # The names of events, attributes and metrics

      What dashboards and alarms go by: these names stay.

      ## Overview

      An event is named by its pattern, a dot, and what happened. A metric is named by its pattern, what is measured, and its
      unit; counters end with `_total`. Everything is in snake case, and durations are in seconds. The attributes of spans
      have a namespace before a dot, as OpenTelemetry's have.

      This page is made from the sources by a test: `UPDATE_NAMES=1 swift test --filter SignalNamesTests`.

      """
    for module in Set(events.keys).union(attributes.keys).union(metrics.keys).sorted() {
      text += "\n### \(module)\n"
      if let events = events[module] { text += "\n- Events: \(Self.list(events))\n" }
      if let attributes = attributes[module] { text += "\n- Attributes: \(Self.list(attributes))\n" }
      if let metrics = metrics[module] {
        text += "\n| Metric | Kind | What it says |\n|---|---|---|\n"
        for metric in metrics.sorted(by: { ($0.name, $0.help) < ($1.name, $1.help) }) {
          text += "| `\(metric.name)` | \(metric.kind) | \(metric.help) |\n"
        }
      }
    }
    return text
  }

  private static func list(_ names: Set<String>) -> String {
    names.sorted().map { "`\($0)`" }.joined(separator: ", ")
  }
}
