import Foundation
import Testing

@testable import shop

@Suite struct InvoiceFileTests {
  static let header = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
  static let good = "536365,85123A,LANTERN,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom\n"

  @Test func readsQuotedCommasAndDoubledQuotesAndBothLineEnds() throws {
    let text =
      Self.header + "1,2,\"RECORD FRAME 7\"\", \",48,d,2.1,c,UK\r\n" + "3,4,\"two\nlines\",1,d,1,c,UK\n"
      + Self.good
    let lines = try InvoiceFile.parse(text, file: "a.csv").lines
    #expect(lines.map(\.description) == ["RECORD FRAME 7\", ", "two\nlines", "LANTERN"])
    #expect(lines.map(\.number) == [2, 3, 5])
    #expect(try InvoiceFile.parse("\u{FEFF}" + text, file: "a.csv").lines == lines)
  }

  @Test(arguments: [
    ("", 1, "the file is empty"),
    ("InvoiceNo,StockCode\n1,2\n", 1, "expected the columns InvoiceNo,StockCode,Description"),
    (header, 2, "no invoice line"),
    (header + good + "536366,71053\n", 3, "expected 8 fields, found 2"),
    (header + good + "536366,71053,META", 3, "expected 8 fields, found 3; the file may be cut off here"),
    (header + good + "\n" + good, 3, "expected 8 fields, found 1"),
    (header + "536366,71053,\"METAL,6\n", 2, "inside a quoted field"),
    (header + "536366,71053,\"METAL\"x,6,d,1,c,UK\n", 2, "text after the closing quote of field 3"),
  ])
  func aFileThatCannotBeReadSaysWhere(text: String, line: Int, problem: String) throws {
    let error = try #require(throws: InputError.self) { try InvoiceFile.parse(text, file: "a.csv") }
    #expect(error.line == line)
    #expect(error.problem.contains(problem))
    #expect(error.description.hasPrefix("a.csv:\(line): "))
  }

  @Test(arguments: ["", "\n", "\n\n  \r\n", "\r\n"])
  func row98_theLastRecordMayHaveNoLineEndAndEmptyLinesMayFollow(end: String) throws {
    let whole = Self.header + Self.good
    let lines = try InvoiceFile.parse(whole, file: "a.csv").lines
    #expect(try InvoiceFile.parse(String(whole.dropLast()) + end, file: "a.csv").lines == lines)
    let windows = whole.replacing("\n", with: "\r\n")
    #expect(try InvoiceFile.parse(String(windows.dropLast()) + end, file: "a.csv").lines == lines)
  }

  @Test(arguments: [
    (Data([0xFF, 0xFE]) + Data("I\0n\0v\0".utf8), "UTF-16"), (Data("\0I\0n".utf8), "UTF-16"),
    (Data((header + good).replacing("\n", with: "\r").utf8), "carriage returns alone"),
  ])
  func row98_encodingsThatAreNotReadAreNamed(data: Data, problem: String) throws {
    let error = try #require(throws: InputError.self) { try InvoiceFile.parse(data, file: "a.csv") }
    #expect(error.problem.contains(problem))
  }

  @Test func aFileOfASpreadsheetOfOldIsReadAndSaid() throws {
    let data = Data(Self.header.utf8) + Data("1,85123A,CAF".utf8) + Data([0xC9]) + Data(",1,d,1,c,UK\n".utf8)
    let content = try InvoiceFile.parse(data, file: "a.csv")
    #expect(content.lines.map(\.description) == ["CAFÉ"])
    #expect(content.notes == ["it is not UTF-8, and was read as Windows-1252"])
  }

  @Test func theColumnsOfTheSecondEditionAreRead() throws {
    let header = "Invoice,StockCode,Description,Quantity,InvoiceDate,Price,Customer ID,Country\n"
    #expect(try InvoiceFile.parse(header + Self.good, file: "a.csv").lines.count == 1)
  }

  @Test(arguments: [
    (["12/1/2010 8:26", "13/1/2010 8:26"], DayTime.SlashOrder.dayFirst, 0),
    (["12/1/2010 8:26", "12/13/2010 8:26"], .monthFirst, 0), (["12/1/2010 8:26"], .monthFirst, 1),
    (["2010-12-01 08:26:00"], .monthFirst, 0),
  ])
  func row97_whereDayAndMonthCannotBeToldApartItIsSaid(
    dates: [String], order: DayTime.SlashOrder, notes: Int
  ) throws {
    let text = Self.header + dates.map { "1,85123A,A,1,\($0),1,c,UK\n" }.joined()
    let content = try InvoiceFile.parse(text, file: "a.csv")
    #expect(content.slashes == order && content.notes.count == notes, "\(content)")
  }

  @Test func aDirectoryIsNoFile() throws {
    let error = try #require(throws: InputError.self) { try InvoiceFile.read("/tmp") }
    #expect(error.description == "/tmp: is a directory; expected a file of invoices")
  }

  @Test func aPipeIsReadToItsEnd() throws {
    let path = FileManager.default.temporaryDirectory.appending(path: "pipe-\(UUID())").path
    try #require(mkfifo(path, 0o600) == 0)
    defer { try? FileManager.default.removeItem(atPath: path) }
    let text = Data((Self.header + Self.good).utf8)
    let writer = Thread {
      try? FileHandle(forWritingTo: URL(fileURLWithPath: path)).write(contentsOf: text)
    }
    writer.start()
    #expect(try InvoiceFile.read(path).lines.count == 1)
  }

  @Test func aMissingFileSaysSo() {
    let error = #expect(throws: InputError.self) { try InvoiceFile.read("/nowhere/a.csv") }
    #expect(error?.description.hasPrefix("/nowhere/a.csv: cannot be read") == true)
  }
}
