import Foundation
import Resilience
import Testing

@testable import shop

#if canImport(FoundationXML)
  import FoundationXML
#endif

@Suite struct ReportPageTests {
  private static let comparison = Result {
    try DayComparison.run(GeneratedDay.lines(seed: 7), seed: 7, progress: { _ in })
  }

  private func page() throws -> (comparison: DayComparison, html: String, document: XMLDocument) {
    let comparison = try Self.comparison.get()
    let html = ReportPage(comparison: comparison).html
    return (comparison, html, try XMLDocument(xmlString: html, options: .nodePreserveWhitespace))
  }

  private func texts(_ node: XMLNode, _ path: String) throws -> [String] {
    try node.nodes(forXPath: path).map { $0.stringValue ?? "" }
  }

  @Test func theSameDayGivesTheSamePage() throws {
    let lines = Array(GeneratedDay.lines(seed: 3).prefix(600))
    let pages = try (0..<2).map { _ in
      ReportPage(comparison: try DayComparison.run(lines, seed: 3, progress: { _ in })).html
    }
    #expect(pages[0] == pages[1])
  }

  @Test func itHasEverySectionWithAHeading() throws {
    let (_, _, document) = try page()
    #expect(
      try texts(document, "/html/body/main/section/@id") == [
        "summary", "faults", "plots", "invariants", "slowest", "services", "figures",
      ])
    for section in try document.nodes(forXPath: "//section") {
      #expect(try texts(section, "h2").count == 1)
    }
  }

  @Test func nothingIsFromElsewhereAndNothingNeedsAScript() throws {
    let (_, html, document) = try page()
    #expect(!html.contains("http"))
    #expect(!html.contains("@import"))
    for path in ["//script", "//@src", "//@href", "//link", "//iframe", "//img", "//object", "//*[@onload]"] {
      #expect(try document.nodes(forXPath: path).isEmpty, "\(path)")
    }
    let references = html.components(separatedBy: "url(").dropFirst()
    #expect(!references.isEmpty && references.allSatisfy { $0.hasPrefix("#") })
  }

  @Test func everyDrawingHasANameAndADescription() throws {
    let (_, _, document) = try page()
    let drawings = try document.nodes(forXPath: "//figure//div/svg | //figure/svg")
    #expect(drawings.count == 11)
    let ids = try texts(document, "//@id")
    #expect(ids.count == Set(ids).count)
    for drawing in drawings {
      #expect(try texts(drawing, "@role") == ["img"])
      let names = try #require(try texts(drawing, "@aria-labelledby").first).split(separator: " ")
      #expect(names.count == 2)
      for name in names {
        let text = try texts(drawing, "title[@id='\(name)'] | desc[@id='\(name)']")
        #expect(text.count == 1 && text.allSatisfy { !$0.isEmpty })
      }
    }
  }

  @Test func everyPlotHasUnitsAxesAndTheFaultsByName() throws {
    let (comparison, _, document) = try page()
    let plots = try document.nodes(forXPath: "//div[@class='plots']/figure")
    #expect(plots.count == 9)
    let windows = comparison.faults.faults.filter { if case .window = $0.time { true } else { false } }
    for plot in plots {
      let labels = try texts(plot, "svg/text")
      #expect(labels.contains("time of day"))
      #expect(labels.contains { $0.hasSuffix(":00") })
      for fault in windows { #expect(labels.filter { $0 == fault.name }.count == 1) }
      #expect(try plot.nodes(forXPath: "svg/rect[@class='fault']").count == windows.count)
    }
    let lines = plots.dropLast()
    for plot in lines {
      #expect(try plot.nodes(forXPath: "svg/path[@class='plot bare']").count == 1)
      #expect(try plot.nodes(forXPath: "svg/path[@class='plot toolkit']").count == 1)
      #expect(try texts(plot, "figcaption").joined().hasPrefix("bare callswith the toolkit"))
    }
    #expect(
      DayPlots(comparison: comparison).plots.allSatisfy { plot in
        (try? texts(document, "//figure[@id='\(plot.id)']/svg/text").contains(plot.unit)) == true
      })
  }

  @Test func itsNumbersAreThoseOfTheFiguresAndOfTheText() throws {
    let (comparison, _, document) = try page()
    let (bare, toolkit) = (comparison.result.bare, comparison.result.toolkit)
    func row(_ name: String) throws -> [String] {
      try texts(document, "//section[@id='figures']//tr[th='\(name)']/td")
    }
    #expect(try row("orders") == ["\(bare.orders.valid)", "\(toolkit.orders.valid)"])
    #expect(
      try row("shipped").map { Int($0.prefix { $0 != " " }) } == [bare, toolkit].map(\.orders.completed))
    #expect(try row("charged twice") == ["\(bare.orders.chargedTwice)", "\(toolkit.orders.chargedTwice)"])
    #expect(try row("redeliveries of an event") == ["\(bare.redeliveries)", "\(toolkit.redeliveries)"])
    #expect(
      try row("placing to shipping, mean of the shipped orders")
        == [bare, toolkit].map { "\(Decimal.text($0.systemLatencySeconds, 1)) s" })
    #expect(
      try texts(document, "//section[@id='summary']//tr[th='invariants broken']/td")
        == [bare, toolkit].map { "\($0.brokenInvariants.count)" })
    #expect(try texts(document, "//p[@class='lead']") == [Headline(result: comparison.result).sentence])
    let text = TextReport(comparison).lines
    let rows = try document.nodes(forXPath: "//section[@id='figures']//tbody/tr")
    #expect(rows.count > 40)
    for row in rows {
      let cells = try texts(row, "th | td")
      #expect(
        text.contains { line in
          line.trimmingCharacters(in: .whitespaces).hasPrefix(cells[0])
            && line.split(separator: "  ").map { $0.trimmingCharacters(in: .whitespaces) }.suffix(2)
              == cells.suffix(2)
        }, "\(cells)")
    }
  }

  @Test func theInvariantsSayWhatHeldAndWhatWasBroken() throws {
    let (comparison, _, document) = try page()
    let rows = try document.nodes(forXPath: "//section[@id='invariants']//tbody/tr")
    #expect(try rows.flatMap { try texts($0, "th") } == Invariants.Promise.allCases.map(\.rawValue))
    #expect(try rows.flatMap { try texts($0, "td[2]/span") } == rows.map { _ in "✓ held" })
    #expect(try rows.flatMap { try texts($0, "td[1]/span") }.allSatisfy { $0.hasPrefix("✗ broken ") })
    let figures = comparison.result.bare
    #expect(comparison.bare.findings.flatMap(\.breaches) == figures.brokenInvariants)
  }

  @Test func thePlotsAddUpToTheFigures() throws {
    let (comparison, _, _) = try page()
    for (record, figures) in [
      (comparison.bare, comparison.result.bare), (comparison.toolkit, comparison.result.toolkit),
    ] {
      let last = try #require(record.samples.last)
      let minutes = record.samples.dropLast()
      #expect(minutes.map(\.second) == minutes.indices.map { $0 * 60 })
      #expect(last.retries == figures.retriesSpent)
      #expect(last.redeliveries == figures.redeliveries)
      #expect(last.shipped == figures.orders.completed)
      #expect(last.limited == figures.requestsLimited)
      let answered = record.requests.count { $0.succeeded }
      #expect(
        Decimal.text(Double(answered) / Double(comparison.faults.openSeconds), 9)
          == Decimal.text(figures.systemThroughputPerSecond, 9))
      let bins = DayBins(daySeconds: comparison.faults.openSeconds)
      let drawn = bins.answered(record).reduce(0) { $0 + ($1.value ?? 0) } * Double(bins.minutes)
      #expect(Int(drawn.rounded()) == answered)
      let end = Instant(nanoseconds: .max)
      for breaker in record.breakers {
        let open = record.breakerLog.stretches(of: breaker, until: end).filter { $0.phase == .open }
        #expect(
          Decimal.text(open.reduce(0) { $0 + $1.seconds }, 3)
            == Decimal.text(figures.openSecondsByBreaker[breaker] ?? -1, 3))
      }
    }
    #expect(comparison.result.toolkit.breakerOpenSeconds > 0)
  }

  @Test func whatTheInputSaysIsText() throws {
    let name = "<script>alert(\"1\" & '2')</script>\u{1B}[2J"
    let lines = ["<b>1</b>", "2"].map { order in
      InvoiceLine(
        number: 2, invoice: order, stockCode: "12345", description: name, quantity: "1",
        date: "2010-12-01 10:00:00", unitPrice: order == "2" ? "1" : "5", customer: "17850")
    }
    let comparison = try DayComparison.run(lines, seed: 1, progress: { _ in })
    #expect(comparison.toolkit.slowest != nil)
    let html = ReportPage(comparison: comparison).html
    let document = try XMLDocument(xmlString: html, options: .nodePreserveWhitespace)
    #expect(try document.nodes(forXPath: "//script | //b").isEmpty)
    let story = try texts(document, "//section[@id='slowest']/p").joined()
    #expect(story.contains("<script>alert(\"1\" & '2')</script>\\u{1b}[2J"))
    #expect(!html.contains("\u{1B}"))
  }

  @Test func aDayWithoutOrdersHasAPageToo() throws {
    let line = InvoiceLine(
      number: 2, invoice: "C1", stockCode: "12345", description: "MUG", quantity: "-1",
      date: "2010-12-01 10:00:00", unitPrice: "1", customer: "1")
    let comparison = try DayComparison.run([line], seed: 1, progress: { _ in })
    let document = try XMLDocument(xmlString: ReportPage(comparison: comparison).html)
    #expect(try document.nodes(forXPath: "//div[@class='plots']/figure").count == 9)
    #expect(try texts(document, "//section[@id='slowest']/p") == ["No order was shipped."])
  }
}
