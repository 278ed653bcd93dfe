import Foundation
import Testing

/// Names that dashboards keep are chosen once.
@Suite struct SignalNamesTests {
  private func names() throws -> SignalNames {
    try SignalNames(sources: packageRoot.appending(path: "Sources"))
  }

  @Test func everyNameKeepsTheRule() throws {
    let names = try names()
    #expect(names.events.values.joined().count > 30)
    #expect(names.metrics.values.joined().count > 60)
    #expect(names.violations == [])
  }

  /// A name that is new, gone or another one is seen in the page's change.
  @Test func thePageListsThemAll() throws {
    let file = packageRoot.appending(path: "Sources/ResilienceCore/ResilienceCore.docc/SignalNames.md")
    let page = try names().page
    if ProcessInfo.processInfo.environment["UPDATE_NAMES"] != nil {
      try page.write(to: file, atomically: true, encoding: .utf8)
    }
    let written = try String(contentsOf: file, encoding: .utf8)
    #expect(
      written == page, "the page is not up to date: UPDATE_NAMES=1 swift test --filter SignalNamesTests")
  }

  @Test(arguments: [
    ("struct A: ResilienceEvent { \"hedge.gaveUp\" }", "hedge.gaveUp is not"),
    ("struct A: ResilienceEvent { \"hedge.gave.up\" }", "hedge.gave.up is not"),
    ("struct A: ResilienceEvent { \"gateway.refused\" }", "begins with no pattern"),
    ("EventAttribute(\"delay.nanoseconds\", .integer(1))", "delay.nanoseconds is not"),
    ("EventAttribute(\"delayTime\", .integer(1))", "delayTime is not"),
    ("Metric(\"hedge_won\", .counter, 1)", "end with _total"),
    ("Metric(\n  \"hedge_running_total\", .gauge, 1)", "end with _total"),
    ("Metric(\"hedge_delay_milliseconds\", .gauge, 1)", "none of the base units"),
    ("Metric(\"delay_seconds\", .gauge, 1)", "begins with no pattern"),
    ("Metric(\"hedge_running\", .gauge, 1)\nMetric(\"hedge_b\", .gauge, 1, help: \"It.\")", "has no help"),
    ("Metric(name, .gauge, 1)", "no literal"), ("map { Metric($0, .gauge, 1) }", "no literal"),
  ])
  func aBrokenRuleIsNoticed(text: String, complaint: String) {
    let violations = SignalNames(text, module: "A").violations
    #expect(violations.contains { $0.contains(complaint) }, "\(violations)")
  }
}
