/// Takes a text apart as RFC 4180 says: quoted fields, doubled quotes, line ends inside quotes, LF or CRLF.
struct CSVRecords {
  struct Record {
    var line: Int
    var fields: [String]
  }

  struct Malformed: Error {
    var line: Int
    var problem: String
  }

  private let bytes: [UInt8]
  private var position = 0
  private var line = 1

  /// Whether nothing but empty lines is left.
  var isAtEnd: Bool {
    bytes[position...].allSatisfy {
      [UInt8(ascii: "\n"), UInt8(ascii: "\r"), UInt8(ascii: " ")].contains($0)
    }
  }

  init(_ text: String) {
    bytes = Array(text.utf8)
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
  }

  /// The next record; `nil` at the end.
  mutating func next() throws(Malformed) -> Record? {
    if isAtEnd { return nil }
    var record = Record(line: line, fields: [])
    while true {
      record.fields.append(try field(of: record))
      // The last record may be without a line end.
      guard position < bytes.count else { return record }
      let separator = bytes[position]
      position += 1
      if separator == UInt8(ascii: "\n") {
        line += 1
        return record
      }
    }
  }

  private mutating func field(of record: Record) throws(Malformed) -> String {
    guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else { return plainField() }
    position += 1
    var content: [UInt8] = []
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      if byte == UInt8(ascii: "\n") { line += 1 }
      guard byte == UInt8(ascii: "\"") else {
        content.append(byte)
        continue
      }
      if position < bytes.count, bytes[position] == UInt8(ascii: "\"") {
        content.append(byte)
        position += 1
      } else {
        skipCarriageReturn()
        try expectSeparator(after: record)
        return String(decoding: content, as: UTF8.self)
      }
    }
    throw Malformed(
      line: record.line, problem: "the file ends inside a quoted field that begins on this line")
  }

  private mutating func plainField() -> String {
    let start = position
    while position < bytes.count, bytes[position] != UInt8(ascii: ","), bytes[position] != UInt8(ascii: "\n")
    {
      position += 1
    }
    var end = position
    let endsLine = position < bytes.count && bytes[position] == UInt8(ascii: "\n")
    let isLast = position == bytes.count
    if endsLine || isLast, end > start, bytes[end - 1] == UInt8(ascii: "\r") { end -= 1 }
    return String(decoding: bytes[start..<end], as: UTF8.self)
  }

  private mutating func skipCarriageReturn() {
    let lineEnd = position + 1
    if lineEnd < bytes.count, bytes[position] == UInt8(ascii: "\r"), bytes[lineEnd] == UInt8(ascii: "\n") {
      position = lineEnd
    }
  }

  private func expectSeparator(after record: Record) throws(Malformed) {
    guard position < bytes.count else { return }
    guard bytes[position] == UInt8(ascii: ",") || bytes[position] == UInt8(ascii: "\n") else {
      throw Malformed(
        line: record.line, problem: "text after the closing quote of field \(record.fields.count + 1)")
    }
  }
}
