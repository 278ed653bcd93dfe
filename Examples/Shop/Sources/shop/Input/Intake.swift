/// Sorts the day's lines one by one: every line is accepted, cancelled, or refused with a reason. None is
/// dropped.
struct Intake: Sendable {
  private var order: [String] = []
  private var invoicesByNumber: [String: Invoice] = [:]
  private var day: String?

  private(set) var refusals: [Refusal] = []
  private(set) var acceptedLines = 0
  private(set) var cancelledLines = 0

  var lines: Int { acceptedLines + cancelledLines + refusals.count }

  /// The numbers of all invoices, in the order of their first lines.
  var invoiceNumbers: [String] { order }

  /// The valid orders: the good lines of each invoice that has any.
  var invoices: [Invoice] { order.compactMap { invoicesByNumber[$0] } }

  /// The invoices that are cancellations: their numbers begin with `C`.
  var cancellations: [String] { order.filter(Self.isCancellation) }

  /// The invoices of which no line was good.
  var emptyInvoices: [String] { order.filter { !Self.isCancellation($0) && invoicesByNumber[$0] == nil } }

  var refusedByReason: [String: Int] {
    refusals.reduce(into: [:]) { $0[$1.reason.rawValue, default: 0] += 1 }
  }

  /// Takes one line in.
  ///
  /// - Throws: Why it is refused; it is counted all the same.
  mutating func take(_ line: InvoiceLine) throws(Refusal) {
    if !line.invoice.isEmpty, order.last != line.invoice, !order.contains(line.invoice) {
      order.append(line.invoice)
    }
    if day == nil { day = DayTime(line.date)?.day }
    guard !Self.isCancellation(line.invoice) else {
      cancelledLines += 1
      return
    }
    switch Self.check(line, day: day) {
    case .failure(let bad):
      let refusal = Refusal(line: line.number, invoice: line.invoice, reason: bad.reason)
      refusals.append(refusal)
      throw refusal
    case .success(let good):
      acceptedLines += 1
      invoicesByNumber[
        line.invoice,
        default: Invoice(number: line.invoice, customer: good.customer, second: good.second, items: [])
      ].items.append(good.item)
    }
  }

  private static func isCancellation(_ number: String) -> Bool { number.hasPrefix("C") }

  private struct GoodLine {
    var customer: String
    var second: Int
    var item: Invoice.Item
  }

  private struct Bad: Error {
    var reason: Refusal.Reason
    init(_ reason: Refusal.Reason) { self.reason = reason }
  }

  private static func check(_ line: InvoiceLine, day: String?) -> Result<GoodLine, Bad> {
    guard !line.invoice.isEmpty else { return .failure(Bad(.noInvoice)) }
    guard isProduct(line.stockCode) else { return .failure(Bad(.notAProduct)) }
    guard let quantity = Int(line.quantity), (1...1_000_000).contains(quantity) else {
      return .failure(Bad(.badQuantity))
    }
    guard let price = Money(line.unitPrice), price > .zero else { return .failure(Bad(.badPrice)) }
    let description = line.description.trimming()
    guard !description.isEmpty else { return .failure(Bad(.noDescription)) }
    let customer = customerNumber(line.customer)
    guard !customer.isEmpty else { return .failure(Bad(.noCustomer)) }
    guard let time = DayTime(line.date), time.day == day else { return .failure(Bad(.badDate)) }
    let item = Invoice.Item(
      sku: line.stockCode, description: description, quantity: quantity, unitPrice: price)
    return .success(GoodLine(customer: customer, second: time.second, item: item))
  }

  /// Products have five digits and perhaps letters after them; `POST`, `DOT`, `M`, `D` and such are bookings.
  private static func isProduct(_ code: String) -> Bool {
    code.prefix(5).count == 5 && code.prefix(5).allSatisfy { $0.isASCII && $0.isNumber }
  }

  /// The data set's numbers went through a table of floats: `17850.0` is customer 17850.
  private static func customerNumber(_ text: String) -> String {
    let text = text.trimming()
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }
}

extension String {
  fileprivate func trimming() -> String {
    String(drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
  }
}
