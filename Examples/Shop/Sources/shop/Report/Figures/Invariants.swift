/// What must be true when the doors close, whatever happened in between.
enum Invariants {
  enum Promise: String, Sendable, CaseIterable {
    case oneEnding = "every order ends in exactly one of shipped, cancelled, declined, dead-lettered"
    case onePayment = "nobody is charged twice, or for an order that is not shipped, without a refund"
    case oneParcel = "nothing is shipped twice"
    case soundStock =
      "no stock falls below zero, and the pieces taken off the shelves are those that were shipped"
    case soundTill = "the money taken is the sum of what was shipped"
  }

  /// How a promise was kept.
  struct Finding: Sendable, Equatable {
    var promise: Promise
    /// What broke it, each in a sentence with its figures; empty when it held.
    var breaches: [String] = []

    var held: Bool { breaches.isEmpty }
  }

  /// What broke the promises, each in a sentence; empty when all held.
  static func broken(
    book: OrderBook, ledger: Ledger, lowestStock: Int, shippedTwice: [String] = [], piecesTaken: Int = 0,
    piecesShipped: Int = 0
  ) -> [String] {
    findings(
      book: book, ledger: ledger, lowestStock: lowestStock, shippedTwice: shippedTwice,
      piecesTaken: piecesTaken, piecesShipped: piecesShipped
    ).flatMap(\.breaches)
  }

  /// Each promise, and how it was kept.
  static func findings(
    book: OrderBook, ledger: Ledger, lowestStock: Int, shippedTwice: [String] = [], piecesTaken: Int = 0,
    piecesShipped: Int = 0
  ) -> [Finding] {
    var breaches: [Promise: [String]] = [:]
    var shippedValue = Money.zero
    for order in book.orders {
      guard let entry = book.entry(order) else { continue }
      let account = ledger.account(of: order)
      breaches[.oneEnding, default: []] += endings(of: order, entry)
      breaches[.onePayment, default: []] += payments(of: order, entry, account)
      if entry.endings == [.shipped] { shippedValue += entry.total }
    }
    if ledger.balance != shippedValue {
      breaches[.soundTill] = ["money in is \(ledger.balance), but goods for \(shippedValue) were shipped"]
    }
    breaches[.oneParcel] = shippedTwice.map { "order \($0) was shipped more than once" }
    if piecesTaken != piecesShipped {
      breaches[.soundStock, default: []].append(
        "\(piecesTaken) pieces were taken off the shelves, but \(piecesShipped) were shipped")
    }
    if lowestStock < 0 {
      breaches[.soundStock, default: []].append("the stock of a product fell to \(lowestStock)")
    }
    return Promise.allCases.map { Finding(promise: $0, breaches: breaches[$0] ?? []) }
  }

  private static func endings(of order: String, _ entry: OrderBook.Entry) -> [String] {
    let endings = entry.endings.map(\.rawValue)
    guard endings.count != 1 else { return [] }
    return [
      endings.isEmpty
        ? "order \(order) never ended"
        : "order \(order) ended \(endings.count) times: as \(endings.joined(separator: " and as "))"
    ]
  }

  private static func payments(of order: String, _ entry: OrderBook.Entry, _ account: Ledger.Account)
    -> [String]
  {
    var broken: [String] = []
    let isShipped = entry.endings == [.shipped]
    if account.charges.count > 1, account.balance > (isShipped ? entry.total : .zero) {
      broken.append("order \(order) was charged \(account.charges.count) times: \(account.balance)")
    }
    if isShipped, account.balance < entry.total {
      broken.append("order \(order) was shipped for \(entry.total) but paid \(account.balance)")
    }
    if !isShipped, account.balance != .zero {
      broken.append("order \(order) was not shipped but paid \(account.balance)")
    }
    return broken
  }
}
