import Resilience

/// What must be true when all has settled, whatever happened in between.
enum Invariants {
  enum Promise: String, CaseIterable, Sendable {
    case noneLost = "no order that was acknowledged is lost"
    case onePerKey = "an order that was asked for again is one order"
    case oneEnding = "every order ends once: shipped, refunded or declined"
    case onePayment = "nobody is charged twice, or for what is not shipped"
    case oneParcel = "what is shipped leaves once, and whole"
    case soundStock = "the stock is what there was less what was shipped"
    case noLetter = "every dead letter is accounted for"
  }

  struct Finding: Equatable, Sendable {
    var promise: Promise
    /// What broke it, each in a sentence; empty when it held.
    var breaches: [String]
  }

  static func findings(_ books: Books, acknowledged: Set<String>) -> [Finding] {
    let orders = Dictionary(books.orders.map { ($0.id, $0) }) { first, _ in first }
    return Promise.allCases.map { promise in
      let breaches =
        switch promise {
        case .noneLost:
          acknowledged.subtracting(orders.keys).sorted().map { "order \($0) is not in the books" }
        case .onePerKey: repeats(books)
        case .oneEnding:
          books.orders.filter { $0.endings.count != 1 }.map { "order \($0.id) ended: \($0.endings)" }
            + (books.awaited > 0 ? ["of \(books.awaited) orders something is still awaited"] : [])
        case .onePayment: payments(books, orders)
        case .oneParcel: parcels(books, orders)
        case .soundStock: stock(books, orders)
        case .noLetter: letters(books, orders)
        }
      return Finding(promise: promise, breaches: breaches)
    }
  }

  private static func repeats(_ books: Books) -> [String] {
    Dictionary(grouping: books.orders) { [$0.customer, $0.key] }.values.filter { $0.count > 1 }.map {
      orders in
      "customer \(orders[0].customer) has \(orders.count) orders for the key \"\(orders[0].key)\""
    }.sorted()
  }

  private static func payments(_ books: Books, _ orders: [String: Orders.Books.Entry]) -> [String] {
    let movements = Dictionary(grouping: books.movements, by: \.order)
    return Set(movements.keys).union(orders.keys).sorted().flatMap { id in
      let pence = (movements[id] ?? []).map(\.pence)
      let due = orders[id].map { $0.endings == ["shipped"] ? $0.pence : 0 } ?? 0
      var breaches: [String] = []
      if pence.count(where: { $0 > 0 }) > 1 { breaches.append("order \(id) was charged twice: \(pence)") }
      if pence.reduce(0, +) != due { breaches.append("order \(id) paid \(pence) pence instead of \(due)") }
      return breaches
    }
  }

  private static func parcels(_ books: Books, _ orders: [String: Orders.Books.Entry]) -> [String] {
    let parcels = Dictionary(grouping: books.parcels, by: \.order)
    return Set(parcels.keys).union(orders.keys).sorted().compactMap { id in
      let pieces = (parcels[id] ?? []).map(\.pieces)
      let due = orders[id].map { $0.endings == ["shipped"] ? [$0.pieces] : [] } ?? []
      return pieces == due ? nil : "order \(id) left in parcels of \(pieces) pieces instead of \(due)"
    }
  }

  private static func stock(_ books: Books, _ orders: [String: Orders.Books.Entry]) -> [String] {
    var breaches = Set(books.taken.keys).union(orders.keys).sorted().compactMap { id in
      let taken = books.taken[id] ?? 0
      let due = orders[id].map { $0.endings == ["shipped"] ? $0.pieces : 0 } ?? 0
      return taken == due ? nil : "order \(id) holds \(taken) pieces instead of \(due)"
    }
    var shipped: [String: Int] = [:]
    for order in books.orders where order.endings == ["shipped"] {
      for item in order.items { shipped[item.sku, default: 0] += item.quantity }
    }
    let gone = Dictionary(books.shelves.map { ($0.sku, $0.initial - $0.stock) }) { $0 + $1 }
    breaches += Set(gone.keys).union(shipped.keys).sorted().compactMap { sku in
      let (gone, shipped) = (gone[sku] ?? 0, shipped[sku] ?? 0)
      return gone == shipped
        ? nil : "\(gone) pieces of \(sku) are off the shelf, and \(shipped) were shipped"
    }
    breaches += books.shelves.filter { $0.stock < 0 }.map { "the stock of \($0.sku) is \($0.stock)" }
    return breaches
  }

  /// A letter is an order's, which has ended, or a question of a page that nobody waits for any more.
  private static func letters(_ books: Books, _ orders: [String: Orders.Books.Entry]) -> [String] {
    var breaches = books.letters.filter { letter in
      guard let order = letter.order else {
        return !Topic.ofPages.contains { letter.reason.hasPrefix($0) }
      }
      return orders[order]?.endings.isEmpty ?? true
    }.map { "\($0.reason) of order \($0.order ?? "none")" }
    if books.openLetters > 0 { breaches.append("\(books.openLetters) letters were not dealt with") }
    return breaches
  }
}
