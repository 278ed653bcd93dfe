/// Sorts the day's lines one by one: every line is accepted, cancelled, or refused with a reason. None is
/// dropped.
struct Intake: Sendable {
  private var order: [String] = []
  private var invoicesByNumber: [String: Invoice] = [:]
  private var day: String?
  private let slashes: DayTime.SlashOrder

  private(set) var refusals: [Refusal] = []
  private(set) var acceptedLines = 0
  private(set) var cancelledLines = 0

  /// - Parameter slashes: In what order dates with slashes are read.
  init(slashes: DayTime.SlashOrder = .monthFirst) {
    self.slashes = slashes
  }

  var lines: Int { acceptedLines + cancelledLines + refusals.count }

  /// The numbers of all invoices, in the order of their first lines.
  var invoiceNumbers: [String] { order }

  /// The valid orders: the good lines of each invoice that has any.
  var invoices: [Invoice] { order.compactMap { invoicesByNumber[$0] } }

  /// The invoices that are cancellations: their numbers begin with `C`, or `c`.
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
    if day == nil { day = DayTime(line.date, slashes: slashes)?.day }
    guard !Self.isCancellation(line.invoice) else {
      cancelledLines += 1
      return
    }
    switch check(line) {
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

  private static func isCancellation(_ number: String) -> Bool {
    number.hasPrefix("C") || number.hasPrefix("c")
  }

  private struct GoodLine {
    var customer: String
    var second: Int
    var item: Invoice.Item
  }

  private struct Bad: Error {
    var reason: Refusal.Reason
    init(_ reason: Refusal.Reason) { self.reason = reason }
  }

  private func check(_ line: InvoiceLine) -> Result<GoodLine, Bad> {
    guard !line.invoice.isEmpty else { return .failure(Bad(.noInvoice)) }
    guard Self.isProduct(line.stockCode) else { return .failure(Bad(.notAProduct)) }
    guard let quantity = Self.wholeNumber(line.quantity), (1...1_000_000).contains(quantity) else {
      return .failure(Bad(.badQuantity))
    }
    guard let price = Money(line.unitPrice), price > .zero else { return .failure(Bad(.badPrice)) }
    let description = line.description.trimmingSpaces()
    guard !description.isEmpty else { return .failure(Bad(.noDescription)) }
    let customer = Self.customerNumber(line.customer)
    guard !customer.isEmpty else { return .failure(Bad(.noCustomer)) }
    guard let time = DayTime(line.date, slashes: slashes) else { return .failure(Bad(.badDate)) }
    guard time.day == day else { return .failure(Bad(.anotherDay)) }
    let item = Invoice.Item(
      sku: line.stockCode, description: description, quantity: quantity, unitPrice: price)
    return .success(GoodLine(customer: customer, second: time.second, item: item))
  }

  /// Products have five digits and perhaps letters after them; `POST`, `DOT`, `M`, `D` and such are bookings.
  private static func isProduct(_ code: String) -> Bool {
    code.prefix(5).count == 5 && code.prefix(5).allSatisfy { $0.isASCII && $0.isNumber }
  }

  /// A table of floats makes `6.0` of 6.
  private static func wholeNumber(_ text: String) -> Int? {
    let text = text.trimmingSpaces()
    guard let point = text.firstIndex(of: ".") else { return Int(text) }
    let decimals = text[point...].dropFirst()
    return !decimals.isEmpty && decimals.allSatisfy { $0 == "0" } ? Int(text[..<point]) : nil
  }

  /// The data set's numbers went through a table of floats: `17850.0` is customer 17850.
  private static func customerNumber(_ text: String) -> String {
    let text = text.trimmingSpaces()
    return text.hasSuffix(".0") ? String(text.dropLast(2)) : text
  }
}

extension Intake {
  /// - Throws: ``InputError`` when there is nothing to play a day with.
  static func requireGoodLine(_ content: InvoiceFile.Content, file: String) throws(InputError) {
    var intake = Intake(slashes: content.slashes)
    for line in content.lines { try? intake.take(line) }
    guard intake.acceptedLines == 0 else { return }
    guard let first = intake.refusals.first else {
      throw InputError(file: file, problem: "all \(content.lines.count) lines are cancellations")
    }
    let value = content.lines.first { $0.number == first.line }.map { first.reason.value(in: $0) } ?? ""
    throw InputError(
      file: file, line: first.line,
      problem: "none of \(content.lines.count) lines can be used; here \(first.reason.rawValue): "
        + "\"\(value.prefix(80))\"" + (first.reason == .badDate ? "; dates are read as \(DayTime.forms)" : "")
    )
  }
}
