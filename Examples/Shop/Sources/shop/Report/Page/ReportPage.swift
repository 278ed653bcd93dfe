/// The day as one page of HTML that stands alone, and is XML as well: no script, and nothing from elsewhere.
struct ReportPage {
  let comparison: DayComparison

  private var result: DayResult { comparison.result }

  var html: String {
    let sections = [
      section("summary", "What happened", summary),
      section("faults", "What went wrong, and the code that the day survived it by", faults),
      section("plots", "Over the day", DayPlots(comparison: comparison).section),
      section(
        "invariants", "What must hold, whatever happens",
        PageTables.findings(comparison.bare.findings, comparison.toolkit.findings)),
      section("slowest", "The slowest order, with the toolkit", slowest),
      section("services", "Who called whom, with the toolkit", services),
      section("figures", "All figures", figures),
    ]
    return """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8"/>
      <meta name="viewport" content="width=device-width, initial-scale=1"/>
      <title>The shop's bad day</title>
      <style>
      \(PageStyle.css)
      </style>
      </head>
      <body>
      <main>
      <h1>The shop’s bad day, with bare calls and with swift-resilience</h1>
      \(sections.joined(separator: "\n"))
      </main>
      </body>
      </html>

      """
  }

  private func section(_ id: String, _ title: String, _ content: String) -> String {
    Markup.element(
      "section", ["id": id], Markup.element("h2", [:], Markup.text(title)) + "\n" + content)
  }

  private var summary: String {
    let table = ComparisonTable(result: result)
    let headline = Headline(result: result)
    let lines = result.lines
    return Markup.element("p", ["class": "lead"], Markup.text(headline.sentence))
      + Markup.element(
        "p", ["class": "quiet"],
        "Seed \(result.seed). \(result.invoices) invoices with \(lines.total) lines: \(lines.accepted) accepted, "
          + "\(lines.cancelled) cancelled, \(lines.refused) refused.")
      + PageTables.comparison(table.headline)
      + (headline.latencyNote.isEmpty
        ? "" : Markup.element("p", ["class": "quiet"], Markup.text(headline.latencyNote)))
  }

  private var faults: String {
    let items = comparison.faults.faults.map { fault in
      let lines = fault.lines.map { line in
        Markup.element(
          "li", [:],
          Markup.element("code", [:], Markup.text(line.code)) + " "
            + Markup.element("span", ["class": "quiet"], Markup.text(line.file)))
      }
      return Markup.element(
        "dt", [:], Markup.text("\(fault.name), \(fault.timeText(comparison.day)): \(fault.what)"))
        + Markup.element(
          "dd", [:],
          Markup.element("ul", [:], lines.joined())
            + Markup.element("span", [:], Markup.text("→ \(fault.did(result.toolkit))")))
    }
    return Markup.element("dl", [:], items.joined(separator: "\n"))
  }

  private var slowest: String {
    guard let slow = comparison.toolkit.slowest else {
      return Markup.element("p", [:], "No order was shipped.")
    }
    let items = comparison.invoices[slow.order]?.items ?? []
    let dearest = items.max { $0.total < $1.total }
    let goods = dearest.map { ": \(items.count) lines, the dearest \($0.quantity) × \($0.description)" } ?? ""
    return Markup.element(
      "p", [:],
      Markup.text(
        "Order \(slow.order)\(goods). From placing to shipping it took \(Decimal.text(slow.seconds, 1)) s."))
      + TraceDrawing(slow: slow).figure
  }

  private var services: String {
    Markup.element(
      "p", ["class": "quiet"],
      "From the traces of the orders. An arrow has the calls, or the events delivered; ✗ those that failed.")
      + GraphDrawing(graph: comparison.toolkit.graph).figure
      + Markup.element(
        "details", [:],
        Markup.element("summary", [:], "As a table") + PageTables.edges(comparison.toolkit.graph))
  }

  private var figures: String {
    let table = ComparisonTable(result: result)
    let parts = [
      ("Orders", table.orders), ("Customers", table.customers), ("From placing to shipping", table.latency),
      ("What was decided", table.decisions), ("Handled an hour, by service", table.services),
      ("What the services made of it", table.found),
    ]
    return parts.map { title, rows in
      Markup.element("h3", [:], Markup.text(title)) + PageTables.comparison(rows)
    }.joined(separator: "\n")
  }
}
