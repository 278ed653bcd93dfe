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
    ({ $0.date = "yesterday" }, .badDate), ({ $0.date = "2010-12-02 08:26:00" }, .badDate),
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
