/// What must be true when the doors close, whatever happened in between.
enum Invariants {
  /// The promises that were broken, each in a sentence with its figures; empty when all held.
  static func broken(book: OrderBook, ledger: Ledger, lowestStock: Int) -> [String] {
    var broken: [String] = []
    var shippedValue = Money.zero
    for order in book.orders {
      guard let entry = book.entry(order) else { continue }
      let endings = entry.endings.map(\.rawValue)
      if endings.count != 1 {
        broken.append(
          "order \(order) ended \(endings.count) times: \(endings.isEmpty ? "never" : "\(endings)")")
      }
      let account = ledger.account(of: order)
      if account.charges.count > 1, account.balance > (entry.endings == [.shipped] ? entry.total : .zero) {
        broken.append("order \(order) was charged \(account.charges.count) times: \(account.balance)")
      }
      if entry.endings == [.shipped] {
        shippedValue += entry.total
        if account.balance < entry.total {
          broken.append("order \(order) was shipped for \(entry.total) but paid \(account.balance)")
        }
      } else if account.balance != .zero {
        broken.append("order \(order) was not shipped but paid \(account.balance)")
      }
    }
    if ledger.balance != shippedValue {
      broken.append("money in is \(ledger.balance), but goods for \(shippedValue) were shipped")
    }
    if lowestStock < 0 { broken.append("the stock of a product fell to \(lowestStock)") }
    return broken
  }
}
