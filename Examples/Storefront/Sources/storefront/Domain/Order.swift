/// An order, as it goes from service to service.
struct Order: Codable, Hashable, Sendable {
  struct Item: Codable, Hashable, Sendable {
    var sku: String
    var quantity: Int
  }

  var id: String
  var customer: String
  var items: [Item]
  /// The total.
  var pence: Int

  var pieces: Int { items.reduce(0) { $0 + $1.quantity } }
}
