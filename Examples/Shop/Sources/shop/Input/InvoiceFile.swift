import Foundation

/// Reads invoices in the columns of the UCI "Online Retail" data set.
///
/// What is wrong with the file as a whole (missing, empty, other columns, cut off) is an ``InputError`` with
/// the line's number. What is wrong with a line's values is not decided here: see ``Intake``.
enum InvoiceFile {
  static func read(_ path: String) throws(InputError) -> [InvoiceLine] {
    let data: Data
    do {
      data = try Data(contentsOf: URL(fileURLWithPath: path))
    } catch {
      throw InputError(file: path, problem: "cannot be read: \((error as NSError).localizedDescription)")
    }
    return try parse(String(decoding: data, as: UTF8.self), file: path)
  }

  static func parse(_ text: String, file: String) throws(InputError) -> [InvoiceLine] {
    var records = CSVRecords(text)
    guard let header = try next(&records, file) else {
      throw InputError(file: file, line: 1, problem: "the file is empty; expected the columns \(columnList)")
    }
    guard header.fields == InvoiceLine.columns else {
      let found = header.fields.joined(separator: ",")
      throw InputError(file: file, line: 1, problem: "expected the columns \(columnList), found \(found)")
    }
    var lines: [InvoiceLine] = []
    while let record = try next(&records, file) {
      let count = InvoiceLine.columns.count
      guard record.fields.count == count else {
        throw InputError(
          file: file, line: record.line, problem: "expected \(count) fields, found \(record.fields.count)")
      }
      let fields = record.fields
      lines.append(
        InvoiceLine(
          number: record.line, invoice: fields[0], stockCode: fields[1], description: fields[2],
          quantity: fields[3], date: fields[4], unitPrice: fields[5], customer: fields[6]))
    }
    guard !lines.isEmpty else {
      throw InputError(file: file, line: 2, problem: "there is a header but no invoice line")
    }
    return lines
  }

  private static var columnList: String { InvoiceLine.columns.joined(separator: ",") }

  private static func next(
    _ records: inout CSVRecords, _ file: String
  ) throws(InputError) -> CSVRecords.Record? {
    do {
      return try records.next()
    } catch {
      throw InputError(file: file, line: error.line, problem: error.problem)
    }
  }
}
