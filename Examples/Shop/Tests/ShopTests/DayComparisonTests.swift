import Testing

@testable import shop

@Suite struct DayComparisonTests {
  @Test(arguments: [7, 8, 9] as [UInt64])
  func withTheToolkitEverythingHoldsAndBareCallsDoWorse(seed: UInt64) throws {
    let lines = GeneratedDay.lines(seed: seed)
    let result = try DayComparison.run(lines, seed: seed, progress: { _ in }).result
    #expect(result.lines.total == lines.count)
    #expect(result.lines.accepted + result.lines.cancelled + result.lines.refused == lines.count)
    #expect(result.lines.refused == result.lines.refusedByReason.values.reduce(0, +))
    #expect(result.toolkit.brokenInvariants == [])
    #expect(result.toolkit.orders.completedShare >= 0.99)
    #expect(result.toolkit.orders.chargedTwice == 0)
    #expect(result.toolkit.orders.lost == 0)
    #expect(result.bare.orders.completed < result.toolkit.orders.completed)
    #expect(result.bare.orders.chargedTwice > 0)
    #expect(result.bare.satisfaction < result.toolkit.satisfaction)
    #expect(result.toolkit.expiredRequestsRefused == 4)
    #expect(result.toolkit.requestsLimited > 0)
    #expect(result.toolkit.breakerOpenSeconds > 0)
    #expect(result.toolkit.deadLetters["order_created: poison", default: 0] >= 3)
  }

  @Test func theSameSeedGivesTheSameResultAndAnotherOneAnother() throws {
    let lines = Array(GeneratedDay.lines(seed: 3).prefix(600))
    let first = try DayComparison.run(lines, seed: 3, progress: { _ in })
    let again = try DayComparison.run(lines, seed: 3, progress: { _ in })
    let other = try DayComparison.run(lines, seed: 4, progress: { _ in })
    #expect(first.result == again.result)
    #expect(first.toolkit.troubledOrder == again.toolkit.troubledOrder)
    #expect(TextReport(first).lines == TextReport(again).lines)
    #expect(first.toolkit.samples == again.toolkit.samples)
    #expect(first.result.toolkit != other.result.toolkit)
  }

  @Test func aCardAboveItsLimitIsDeclinedAndNotCharged() throws {
    let lines = [
      InvoiceLine(
        number: 2, invoice: "1", stockCode: "12345", description: "GOLDEN MUG", quantity: "100",
        date: "2010-12-01 10:00:00", unitPrice: "999.99", customer: "17850.0"),
      InvoiceLine(
        number: 3, invoice: "2", stockCode: "12345", description: "GOLDEN MUG", quantity: "1",
        date: "2010-12-01 11:00:00", unitPrice: "999.99", customer: "17850.0"),
    ]
    let toolkit = try DayComparison.run(lines, seed: 1, progress: { _ in }).result.toolkit
    #expect(toolkit.orders.declined == 1)
    #expect(toolkit.orders.completed == 1)
    #expect(toolkit.brokenInvariants == [])
    #expect(toolkit.moneyInPounds == 999.99)
  }

  @Test func theServicesBesideTheOrderSeeTheDay() throws {
    let lines = [("1", "12345", "GOLDEN MUG"), ("2", "54321", "CHECK: LID MISSING?")].map {
      order, sku, text in
      InvoiceLine(
        number: 2, invoice: order, stockCode: sku, description: text, quantity: "1",
        date: "2010-12-01 10:00:00", unitPrice: order == "1" ? "1" : "99999", customer: "17850")
    }
    let toolkit = try DayComparison.run(lines, seed: 1, progress: { _ in }).result.toolkit
    #expect((toolkit.orders.completed, toolkit.orders.declined) == (1, 1))
    // Somebody who got the order at once, and somebody whose card was declined.
    #expect(toolkit.satisfaction == 2.5)
    #expect(toolkit.eventsByType["product.add"] == 2)
    #expect(toolkit.eventsByType["product.flagged"] == 1)
    #expect(toolkit.eventsByType["order_shipped"] == 1)
    #expect(toolkit.cartsLeftBehind == 0)
  }

  @Test func everyLineOfALargeDayIsAccountedFor() throws {
    let lines = (0..<12_000).map { index in
      InvoiceLine(
        number: index + 2, invoice: "\(index / 100)", stockCode: index % 3 == 0 ? "POST" : "12345",
        description: "MUG", quantity: "1", date: "2010-12-01 10:00:00", unitPrice: "1", customer: "")
    }
    let post = try InvoiceImport.open(lines, seed: 1)
    #expect(post.intake.lines == 12_000)
    #expect(post.deadLetters == 12_000)
    #expect(post.intake.refusedByReason == ["no customer": 8000, "not a product code": 4000])
  }

  @Test func aDayWithoutAnyGoodLineIsADayWithoutOrders() throws {
    let line = InvoiceLine(
      number: 2, invoice: "C1", stockCode: "12345", description: "MUG", quantity: "-1",
      date: "2010-12-01 10:00:00",
      unitPrice: "1", customer: "1")
    let result = try DayComparison.run([line], seed: 1, progress: { _ in }).result
    #expect(result.invoices == 1)
    #expect(result.toolkit.orders.valid == 0)
    #expect(result.toolkit.brokenInvariants == [])
  }
}
