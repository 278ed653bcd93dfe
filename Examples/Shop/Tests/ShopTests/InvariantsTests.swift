import Testing

@testable import shop

@Suite struct InvariantsTests {
  private let price = Money(thousandths: 1000)

  /// A day on which one order was charged and shipped, and another one cancelled.
  private func soundDay() -> (OrderBook, Ledger) {
    let (book, ledger) = (OrderBook(), Ledger())
    book.expect("1", total: price)
    book.expect("2", total: price)
    ledger.charge("1", price)
    ledger.charge("2", price)
    ledger.refundAll("2")
    book.end("1", .shipped)
    book.end("1", .shipped)
    book.end("2", .cancelled)
    return (book, ledger)
  }

  @Test func aSoundDayBreaksNone() {
    let (book, ledger) = soundDay()
    #expect(Invariants.broken(book: book, ledger: ledger, lowestStock: 0) == [])
  }

  static let damages: [(damage: @Sendable (OrderBook, Ledger) -> Void, complaint: String)] = [
    ({ book, _ in book.expect("3", total: .zero) }, "order 3 never ended"),
    ({ book, _ in book.end("1", .declined) }, "order 1 ended 2 times"),
    ({ _, ledger in ledger.charge("1", Money(thousandths: 1000)) }, "order 1 was charged 2 times"),
    ({ _, ledger in ledger.charge("2", Money(thousandths: 5)) }, "order 2 was not shipped but paid"),
    ({ _, ledger in ledger.refundAll("1") }, "order 1 was shipped for £1.00 but paid £0.00"),
    ({ _, ledger in ledger.charge("9", Money(thousandths: 5)) }, "money in is £1.01"),
  ]

  @Test(arguments: damages.indices)
  func aBrokenPromiseIsNamed(index: Int) {
    let (book, ledger) = soundDay()
    Self.damages[index].damage(book, ledger)
    let broken = Invariants.broken(book: book, ledger: ledger, lowestStock: 0)
    #expect(broken.contains { $0.contains(Self.damages[index].complaint) })
  }

  @Test func whatIsShippedTwiceOrOutOfNowhereIsNamed() {
    let (book, ledger) = soundDay()
    let broken = Invariants.broken(
      book: book, ledger: ledger, lowestStock: 0, shippedTwice: ["1"], piecesTaken: 3, piecesShipped: 5)
    #expect(
      broken == [
        "order 1 was shipped more than once", "3 pieces were taken off the shelves, but 5 were shipped",
      ])
  }

  @Test func negativeStockIsNamed() {
    let (book, ledger) = soundDay()
    #expect(
      Invariants.broken(book: book, ledger: ledger, lowestStock: -3) == ["the stock of a product fell to -3"])
  }
}
