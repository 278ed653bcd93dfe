import Foundation

/// Reads invoices in the columns of the UCI "Online Retail" data set.
///
/// What is wrong with the file as a whole (missing, empty, other columns, cut off) is an ``InputError`` with
/// the line's number. What is wrong with a line's values is not decided here: see ``Intake``.
enum InvoiceFile {
  struct Content: Equatable {
    var lines: [InvoiceLine]
    /// In what order dates with slashes are read.
    var slashes = DayTime.SlashOrder.monthFirst
    /// What was assumed, as sentences.
    var notes: [String] = []
  }

  static func read(_ path: String) throws(InputError) -> Content {
    var isDirectory: ObjCBool = false
    if FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory), isDirectory.boolValue {
      throw InputError(file: path, problem: "is a directory; expected a file of invoices")
    }
    let data: Data
    do {
      // Not by its size, which a pipe does not have.
      data = try FileHandle(forReadingFrom: URL(fileURLWithPath: path)).readToEnd() ?? Data()
    } catch {
      throw InputError(file: path, problem: "cannot be read: \((error as NSError).localizedDescription)")
    }
    return try parse(data, file: path)
  }

  static func parse(_ data: Data, file: String) throws(InputError) -> Content {
    if data.starts(with: [0xFF, 0xFE]) || data.starts(with: [0xFE, 0xFF]) || data.prefix(64).contains(0) {
      throw InputError(file: file, problem: "is not UTF-8 but UTF-16 or binary; save it as \"CSV UTF-8\"")
    }
    if !data.contains(UInt8(ascii: "\n")), data.contains(UInt8(ascii: "\r")) {
      throw InputError(
        file: file, problem: "has carriage returns alone as line ends; save it with LF or CRLF")
    }
    if let text = String(validating: data, as: UTF8.self) { return try parse(text, file: file) }
    guard let text = String(data: data, encoding: .windowsCP1252) else {
      throw InputError(file: file, problem: "is neither UTF-8 nor Windows-1252")
    }
    var content = try parse(text, file: file)
    content.notes.insert("it is not UTF-8, and was read as Windows-1252", at: 0)
    return content
  }

  static func parse(_ text: String, file: String) throws(InputError) -> Content {
    var records = CSVRecords(text)
    guard let header = try next(&records, file) else {
      throw InputError(file: file, line: 1, problem: "the file is empty; expected the columns \(columnList)")
    }
    guard InvoiceLine.isHeader(header.fields) else {
      let found = header.fields.joined(separator: ",")
      throw InputError(file: file, line: 1, problem: "expected the columns \(columnList), found \(found)")
    }
    var lines: [InvoiceLine] = []
    while let record = try next(&records, file) {
      let count = InvoiceLine.columns.count
      guard record.fields.count == count else {
        let end = records.isAtEnd ? "; the file may be cut off here" : ""
        throw InputError(
          file: file, line: record.line,
          problem: "expected \(count) fields, found \(record.fields.count)\(end)")
      }
      let fields = record.fields
      lines.append(
        InvoiceLine(
          number: record.line, invoice: fields[0], stockCode: fields[1], description: fields[2],
          quantity: fields[3], date: fields[4], unitPrice: fields[5], customer: fields[6]))
    }
    guard let first = lines.first else {
      throw InputError(file: file, line: 2, problem: "there is a header but no invoice line")
    }
    let order = DayTime.slashOrder(of: lines.lazy.map(\.date))
    var content = Content(lines: lines, slashes: order ?? .monthFirst)
    if order == nil, lines.contains(where: { $0.date.contains("/") }) {
      content.notes.append(
        "dates such as \(first.date) are read with the month first: no date of it tells month from day")
    }
    return content
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
