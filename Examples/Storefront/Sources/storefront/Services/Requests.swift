import HTTPTypes
import Hummingbird
import ResilienceHTTPTypes

extension HTTPField.Name {
  /// The customer, or the member of the staff, whose token the gateway has checked; services are reached through
  /// it alone.
  static let customer: Self = {
    guard let name = Self("x-customer") else { preconditionFailure("\"x-customer\" is no name of a field") }
    return name
  }()
}

extension Request {
  /// What makes a repeated request the same one, as its sender says.
  ///
  /// - Throws: 400 without the field `Idempotency-Key`.
  func idempotencyKey() throws -> String {
    guard let key = headers[.idempotencyKey], !key.isEmpty else {
      throw HTTPError(.badRequest, message: "the field Idempotency-Key is needed")
    }
    return key
  }
}

extension Order.Item {
  /// - Throws: 422 for a quantity that nobody orders, and for a number that no product has.
  func check() throws {
    guard sku.utf8.count <= Product.maxSkuBytes else {
      throw HTTPError(
        .unprocessableContent,
        message: "a sku has \(Product.maxSkuBytes) bytes at most, not \(sku.utf8.count)")
    }
    guard !sku.isEmpty, (1...1_000_000).contains(quantity) else {
      throw HTTPError(.unprocessableContent, message: "\(quantity) pieces of \"\(sku)\" cannot be ordered")
    }
  }
}
