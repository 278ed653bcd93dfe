import Resilience

/// The tables of the page.
enum PageTables {
  static func comparison(_ rows: [ComparisonTable.Row]) -> String {
    table(["", "bare calls", "with the toolkit"], numbersFrom: 1) {
      rows.map { row in
        Markup.element(
          "tr", [:],
          Markup.element("th", ["scope": "row", "class": "level\(row.level)"], Markup.text(row.name))
            + number(row.bare) + number(row.toolkit))
      }
    }
  }

  static func findings(_ bare: [Invariants.Finding], _ toolkit: [Invariants.Finding]) -> String {
    table(["", "bare calls", "with the toolkit"], numbersFrom: 3) {
      zip(bare, toolkit).map { bare, toolkit in
        Markup.element(
          "tr", [:],
          Markup.element("th", ["scope": "row"], Markup.text(bare.promise.rawValue))
            + Markup.element("td", [:], verdict(bare)) + Markup.element("td", [:], verdict(toolkit)))
      }
    }
  }

  private static func verdict(_ finding: Invariants.Finding) -> String {
    guard !finding.held else { return Markup.element("span", ["class": "good"], "✓ held") }
    let times = finding.breaches.count == 1 ? "once" : "\(finding.breaches.count) times"
    let examples = finding.breaches.prefix(3).map { Markup.element("li", [:], Markup.text($0)) }
    let more =
      finding.breaches.count > 3
      ? [Markup.element("li", [:], "and \(finding.breaches.count - 3) more")] : []
    return Markup.element("span", ["class": "bad"], "✗ broken \(times)")
      + Markup.element("ul", [:], (examples + more).joined())
  }

  static func edges(_ graph: ServiceGraph) -> String {
    table(["caller", "callee", "calls", "failed", "median", "p99"], numbersFrom: 2) {
      graph.edges.map { edge in
        let failed = number("\(edge.failures)", isBad: edge.failures > 0)
        return Markup.element(
          "tr", [:],
          cell(edge.caller) + cell(edge.callee) + number("\(edge.calls)") + failed
            + number(milliseconds(edge.median)) + number(milliseconds(edge.percentile99)))
      }
    }
  }

  private static func milliseconds(_ duration: Duration) -> String {
    "\(Decimal.text(duration / .milliseconds(1), 1)) ms"
  }

  private static func cell(_ text: String) -> String { Markup.element("td", [:], Markup.text(text)) }

  /// A line may end before what is in parentheses, and not before a unit.
  private static func number(_ text: String, isBad: Bool = false) -> String {
    let parts = text.split(separator: " (", maxSplits: 1).enumerated().map { $0 == 0 ? "\($1)" : "(\($1)" }
    let wholes = parts.map { Markup.element("span", ["class": "whole"], Markup.text($0)) }
    return Markup.element("td", ["class": isBad ? "number bad" : "number"], wholes.joined(separator: " "))
  }

  private static func table(_ heads: [String], numbersFrom: Int, rows: () -> [String]) -> String {
    let head = heads.enumerated().map { index, text in
      Markup.element(
        "th", ["scope": "col", "class": index >= numbersFrom ? "number" : "text"], Markup.text(text))
    }
    return Markup.element(
      "div", ["class": "scroll"],
      Markup.element(
        "table", [:],
        Markup.element("thead", [:], Markup.element("tr", [:], head.joined()))
          + Markup.element("tbody", [:], rows().joined(separator: "\n"))))
  }
}
