import Resilience
import Testing

@testable import shop

@Suite struct IntakeTests {
  private func line(
    _ number: Int = 2, invoice: String = "536365", code: String = "85123A", description: String = "LANTERN",
    quantity: String = "6", date: String = "2010-12-01 08:26:00", price: String = "2.55",
    customer: String = "17850.0"
  ) -> InvoiceLine {
    InvoiceLine(
      number: number, invoice: invoice, stockCode: code, description: description, quantity: quantity,
      date: date,
      unitPrice: price, customer: customer)
  }

  @Test func aGoodLineBecomesPartOfItsInvoice() throws {
    var intake = Intake()
    try intake.take(line())
    try intake.take(line(3, code: "71053", quantity: "2", price: "3.39"))
    let invoice = try #require(intake.invoices.first)
    #expect(invoice.customer == "17850")
    #expect(invoice.second == 8 * 3600 + 26 * 60)
    #expect(invoice.items.map(\.sku) == ["85123A", "71053"])
    #expect(invoice.total == Money(thousandths: 6 * 2550 + 2 * 3390))
    #expect(intake.acceptedLines == 2)
  }

  static let bad: [(change: @Sendable (inout InvoiceLine) -> Void, reason: Refusal.Reason)] = [
    ({ $0.invoice = "" }, .noInvoice), ({ $0.customer = "" }, .noCustomer),
    ({ $0.description = "  " }, .noDescription),
    ({ $0.stockCode = "POST" }, .notAProduct), ({ $0.stockCode = "C2" }, .notAProduct),
    ({ $0.quantity = "-10" }, .badQuantity), ({ $0.quantity = "1.5" }, .badQuantity),
    ({ $0.quantity = "99999999999999999999" }, .badQuantity), ({ $0.unitPrice = "0.0" }, .badPrice),
    ({ $0.unitPrice = "-1" }, .badPrice), ({ $0.unitPrice = "2,55" }, .badPrice),
    ({ $0.date = "yesterday" }, .badDate), ({ $0.date = "2010-12-02 08:26:00" }, .anotherDay),
  ]

  @Test(arguments: bad.indices)
  func aBadLineIsRefusedWithItsReason(index: Int) throws {
    var intake = Intake()
    try intake.take(line())
    var spoiled = line(7)
    Self.bad[index].change(&spoiled)
    let refusal = #expect(throws: Refusal.self) { try intake.take(spoiled) }
    #expect(refusal == Refusal(line: 7, invoice: spoiled.invoice, reason: Self.bad[index].reason))
    #expect(refusal?.pushback.doNotRetry == true)
    #expect(intake.lines == 2)
  }

  @Test func everyInvoiceAndLineIsAccountedFor() {
    var intake = Intake()
    for line in [
      line(2), line(3, invoice: "C536379", quantity: "-1"), line(4, invoice: "536400", customer: ""),
      line(5, customer: ""),
    ] {
      try? intake.take(line)
    }
    #expect(intake.lines == 4)
    #expect(intake.invoiceNumbers == ["536365", "C536379", "536400"])
    #expect(intake.invoices.map(\.number) == ["536365"])
    #expect(intake.cancellations == ["C536379"])
    #expect(intake.emptyInvoices == ["536400"])
    #expect((intake.acceptedLines, intake.cancelledLines, intake.refusals.count) == (1, 1, 2))
  }

  @Test(arguments: [("2.55", 2550), ("-1", -1000), ("607.490", 607_490), ("0.001", 1), ("2.5500", 2550)])
  func pricesAreExact(text: String, thousandths: Int) {
    #expect(Money(text)?.thousandths == thousandths)
  }

  @Test(arguments: ["", ".", "1.", ".5", "1.2345", "1e3", "--1", "1 ", "9999999999", "1.-5"])
  func whatIsNoPriceIsNone(text: String) {
    #expect(Money(text) == nil)
  }

  @Test(arguments: [
    ("2010-12-01 08:26:00", 30_360), ("12/1/2010 8:26", 30_360), ("12/1/2010 8:26:05", 30_365),
  ])
  func datesOfBothFormsAreRead(text: String, second: Int) {
    #expect(DayTime(text)?.day == "2010-12-01")
    #expect(DayTime(text)?.second == second)
  }

  @Test(arguments: [
    ("12/1/10 8:26", 30_360), ("12/1/2010 8:26 AM", 30_360), ("12/1/2010 8:26 pm", 73_560),
    ("12/1/2010 12:00 AM", 0), ("12/1/2010 12:00:01 PM", 43_201), ("2010-12-01T08:26:00", 30_360),
    ("2010-12-01T08:26:00Z", 30_360), ("2010-12-01T08:26:00.000Z", 30_360), (" 2010-12-01 08:26 ", 30_360),
  ])
  func row97_theDatesOfRealExportsAreRead(text: String, second: Int) {
    #expect(DayTime(text)?.day == "2010-12-01")
    #expect(DayTime(text)?.second == second)
    #expect(DayTime("1/12/10 8:26", slashes: .dayFirst)?.day == "2010-12-01")
  }

  @Test(arguments: [
    "", "2010-12-01", "12/1/2010 13:00 PM", "12/1/2010 0:10 AM", "2010-13-01 08:26", "1/2/3/4 08:26",
    "2010-12-01 24:00", "2010-12-01 8", "12/1/100 8:26", "-12/1/2010 8:26", "2010-12-01 08:26:00+01:00",
  ])
  func whatIsNoDateIsNone(text: String) {
    #expect(DayTime(text) == nil)
  }

  @Test func row97_wholeNumbersOfATableOfFloatsAreReadAndAnotherDayIsCounted() throws {
    var intake = Intake()
    try intake.take(line(quantity: "6.0"))
    for quantity in ["6.5", "6.", ".0", "6.0.0", "1e3"] {
      #expect(throws: Refusal.self) { try intake.take(line(quantity: quantity)) }
    }
    #expect(throws: Refusal.self) { try intake.take(line(date: "2010-12-02 08:26:00")) }
    #expect(intake.refusedByReason["another day"] == 1)
    #expect(intake.invoices.first?.items.map(\.quantity) == [6])
  }

  @Test func row98_aSmallCCancelsToo() throws {
    var intake = Intake()
    try intake.take(line(invoice: "c536379", quantity: "-1"))
    #expect(intake.cancellations == ["c536379"])
  }

  @Test func row97_aFileWithoutAGoodLineSaysWhatIsReadInstead() throws {
    let bad = InvoiceFile.Content(lines: [line(2, date: "soon"), line(3, date: "later")])
    let error = try #require(throws: InputError.self) { try Intake.requireGoodLine(bad, file: "a.csv") }
    #expect(error.description.hasPrefix("a.csv:2: none of 2 lines can be used; here date is not"))
    #expect(error.problem.contains("\"soon\"; dates are read as 2010-12-01 08:26:00, "))
    let cancelled = InvoiceFile.Content(lines: [line(invoice: "C1")])
    #expect(throws: InputError.self) { try Intake.requireGoodLine(cancelled, file: "a.csv") }
    try Intake.requireGoodLine(InvoiceFile.Content(lines: [line()]), file: "a.csv")
  }

  @Test func theGeneratedDayHasEveryKindOfDirtAndIsTheSameForTheSameSeed() {
    let lines = GeneratedDay.lines(seed: 7)
    #expect(lines == GeneratedDay.lines(seed: 7))
    #expect(lines != GeneratedDay.lines(seed: 8))
    var intake = Intake()
    for line in lines { try? intake.take(line) }
    #expect(intake.lines == lines.count)
    #expect(intake.invoiceNumbers.count == GeneratedDay.invoiceCount)
    #expect(intake.cancelledLines > 0)
    for reason in [Refusal.Reason.noCustomer, .noDescription, .notAProduct, .badQuantity, .badPrice] {
      #expect(intake.refusals.contains { $0.reason == reason })
    }
  }
}
