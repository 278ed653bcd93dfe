/// A customer's order as the day's book has it: the good lines of one invoice.
struct Invoice: Hashable, Sendable, Codable {
  struct Item: Hashable, Sendable, Codable {
    var sku: String
    var description: String
    var quantity: Int
    var unitPrice: Money

    var total: Money { unitPrice * quantity }
  }

  var number: String
  var customer: String
  /// Seconds since midnight.
  var second: Int
  var items: [Item]

  var total: Money { items.reduce(.zero) { $0 + $1.total } }
}
