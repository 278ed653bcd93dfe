/// One line of the input, as it stands there.
struct InvoiceLine: Hashable {
  var number: Int
  var invoice: String
  var stockCode: String
  var description: String
  var quantity: String
  var date: String
  var unitPrice: String
  var customer: String

  /// The columns of the UCI "Online Retail" data set, in order.
  static let columns = [
    "InvoiceNo", "StockCode", "Description", "Quantity", "InvoiceDate", "UnitPrice", "CustomerID", "Country",
  ]

  /// Those of its second edition, "Online Retail II".
  static let laterColumns = [
    "Invoice", "StockCode", "Description", "Quantity", "InvoiceDate", "Price", "Customer ID", "Country",
  ]

  static func isHeader(_ fields: [String]) -> Bool { fields == columns || fields == laterColumns }
}
