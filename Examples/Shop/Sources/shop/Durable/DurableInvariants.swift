/// What must be true when all orders of the durable day have ended, however often it was killed.
enum DurableInvariants {
  typealias Book<Deed: RawRepresentable<String> & Hashable & Sendable> = [String: [DurableBook<Deed>.Entry]]

  /// The promises that were broken, each in a sentence with the order's number; empty when all held.
  static func broken(
    orders: Book<DurableBooks.OrderState>, ledger: Book<DurableBooks.Payment>,
    warehouse: Book<DurableBooks.Shelf>
  ) -> [String] {
    var broken: [String] = []
    for order in Set(orders.keys).union(ledger.keys).union(warehouse.keys).sorted() {
      let states = orders[order] ?? []
      let endings = states.map(\.deed).filter(\.isFinal)
      if endings.count != 1 {
        broken.append("order \(order) ended \(endings.count) times: \(endings.map(\.rawValue))")
      }
      let isShipped = endings == [.shipped]
      let price = states.first { $0.deed == .placed }?.amount
      if price == nil { broken.append("order \(order) was never placed") }
      broken += payments(ledger[order] ?? [], due: isShipped ? price ?? 0 : 0).map { "order \(order) \($0)" }
      broken += pieces(warehouse[order] ?? [], isShipped).map { "order \(order) \($0)" }
    }
    return broken
  }

  private static func payments(
    _ entries: [DurableBook<DurableBooks.Payment>.Entry], due: Int
  ) -> [String] {
    let charges = entries.filter { $0.deed == .charged }
    let refunds = entries.filter { $0.deed == .refunded }
    var broken: [String] = []
    if charges.count > 1 { broken.append("was charged \(charges.count) times") }
    if refunds.count > 1 { broken.append("was refunded \(refunds.count) times") }
    let paid = charges.reduce(0) { $0 + $1.amount } - refunds.reduce(0) { $0 + $1.amount }
    if paid != due {
      broken.append("paid \(Money(thousandths: paid)) instead of \(Money(thousandths: due))")
    }
    return broken
  }

  private static func pieces(
    _ entries: [DurableBook<DurableBooks.Shelf>.Entry], _ isShipped: Bool
  ) -> [String] {
    func sum(_ deed: DurableBooks.Shelf) -> Int {
      entries.filter { $0.deed == deed }.reduce(0) { $0 + $1.amount }
    }
    let loads = entries.filter { $0.deed == .loaded }.count
    var broken: [String] = []
    if loads != (isShipped ? 1 : 0) { broken.append("left the warehouse \(loads) times") }
    if sum(.taken) - sum(.putBack) != sum(.loaded) {
      broken.append(
        "took \(sum(.taken)) pieces off the shelves, put \(sum(.putBack)) back and shipped \(sum(.loaded))")
    }
    return broken
  }
}
