import HTTPTypes
import Hummingbird
import ResilienceHTTPTypes

extension HTTPField.Name {
  /// The customer whose token the gateway has checked; services are reached through it alone.
  static let customer: Self = {
    guard let name = Self("x-customer") else { preconditionFailure("\"x-customer\" is no name of a field") }
    return name
  }()
}

extension Request {
  /// What makes a repeated request the same one.
  ///
  /// - Throws: 400 without the field `Idempotency-Key`.
  func idempotencyKey(of customer: String) throws -> String {
    guard let key = headers[.idempotencyKey], !key.isEmpty else {
      throw HTTPError(.badRequest, message: "the field Idempotency-Key is needed")
    }
    return "\(method) \(uri.path) \(customer) \(key)"
  }
}

extension Order.Item {
  /// - Throws: 422 for a quantity that nobody orders.
  func check() throws {
    guard !sku.isEmpty, (1...1_000_000).contains(quantity) else {
      throw HTTPError(.unprocessableContent, message: "\(quantity) pieces of \"\(sku)\" cannot be ordered")
    }
  }
}
