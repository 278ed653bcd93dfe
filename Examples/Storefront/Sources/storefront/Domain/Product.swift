/// What is for sale.
struct Product: Codable, Hashable, Sendable {
  static let maxSkuBytes = 64
  static let maxDescriptionBytes = 1000

  var sku: String
  var description: String
  /// The price of one piece.
  var pence: Int
  /// How many pieces come on the shelf with it.
  var quantity: Int
}
