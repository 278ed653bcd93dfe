/// The result side by side, as text.
struct TextReport {
  let result: DayResult
  let faults: [Fault]
  let day: DayClock
  let troubledOrder: String

  init(_ comparison: DayComparison) {
    result = comparison.result
    faults = comparison.faults.faults
    day = comparison.day
    troubledOrder = comparison.toolkit.troubledOrder
  }

  var lines: [String] {
    let table = ComparisonTable(result: result)
    let sections = [
      Wrapped.lines(Headline(result: result).sentence), input, header + table.orders.map(text),
      table.customers.map(text), table.latency.map(text) + note, table.decisions.map(text),
      ["handled an hour, by service"] + table.services.map(text),
      ["what the services made of it"] + table.found.map(text), wentWrong, verdict,
      ["an order that met trouble, with the toolkit"], [troubledOrder.isEmpty ? "none" : troubledOrder],
    ]
    return Array(sections.filter { !$0.isEmpty }.joined(separator: [""]))
  }

  private var input: [String] {
    let lines = result.lines
    let reasons = lines.refusedByReason.sorted { $0.key < $1.key }.map { "\($0.value) \($0.key)" }
    return [
      "\(result.invoices) invoices with \(lines.total) lines: \(lines.accepted) accepted, \(lines.cancelled) cancelled, "
        + "\(lines.refused) refused into the dead letters",
      "  refused: " + (reasons.isEmpty ? "none" : reasons.joined(separator: ", ")),
    ]
  }

  private var header: [String] {
    [row("", "bare calls", "with the toolkit"), row("", "----------", "----------------")]
  }

  private var note: [String] {
    Wrapped.lines(Headline(result: result).latencyNote).map { "  \($0)" }
  }

  private var wentWrong: [String] {
    ["what went wrong, and the code that the day with the toolkit survived it by"]
      + faults.flatMap { fault in
        ["  \(fault.name), \(fault.timeText(day)): \(fault.what)"]
          + fault.lines.map { "    \(pad($0.file, 26))\($0.code)" } + ["    → \(fault.did(result.toolkit))"]
      }
  }

  private var verdict: [String] {
    let bare = result.bare.brokenInvariants
    let toolkit = result.toolkit.brokenInvariants
    let examples =
      bare.prefix(3).map { "    \($0)" } + (bare.count > 3 ? ["    and \(bare.count - 3) more"] : [])
    return ["invariants broken by bare calls: \(bare.count)"] + examples
      + ["invariants broken with the toolkit: \(toolkit.count)"] + toolkit.map { "    \($0)" }
  }

  private func text(_ row: ComparisonTable.Row) -> String {
    self.row(String(repeating: "  ", count: row.level) + row.name, row.bare, row.toolkit)
  }

  private func row(_ name: String, _ bare: String, _ toolkit: String) -> String {
    pad(name, 55) + pad(bare, 22) + toolkit
  }

  private func pad(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(1, width - text.count))
  }
}
