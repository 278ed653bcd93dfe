import ResilienceCore

/// An input line that does not become part of an order, and why.
struct Refusal: Error, Hashable, PushbackProviding {
  enum Reason: String, Sendable {
    case noInvoice = "no invoice number"
    case noCustomer = "no customer"
    case noDescription = "no description"
    case notAProduct = "not a product code"
    case badQuantity = "quantity is not a whole number above 0"
    case badPrice = "price is not a decimal above 0"
    case badDate = "date is not a date and time"
    case anotherDay = "another day"

    /// The field that it is about.
    func value(in line: InvoiceLine) -> String {
      switch self {
      case .noInvoice: line.invoice
      case .noCustomer: line.customer
      case .noDescription: line.description
      case .notAProduct: line.stockCode
      case .badQuantity: line.quantity
      case .badPrice: line.unitPrice
      case .badDate, .anotherDay: line.date
      }
    }
  }

  var line: Int
  var invoice: String
  var reason: Reason

  /// The line will be no better tomorrow.
  var pushback: Pushback { .doNotRetry }
}

extension Refusal: CustomStringConvertible {
  var description: String { "line \(line), invoice \(invoice): \(reason.rawValue)" }
}
