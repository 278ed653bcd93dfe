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
    let lines = try InvoiceFile.parse(text, file: "a.csv")
    #expect(lines.map(\.description) == ["RECORD FRAME 7\", ", "two\nlines", "LANTERN"])
    #expect(lines.map(\.number) == [2, 3, 5])
    #expect(try InvoiceFile.parse("\u{FEFF}" + text, file: "a.csv") == lines)
  }

  @Test(arguments: [
    ("", 1, "the file is empty"),
    ("InvoiceNo,StockCode\n1,2\n", 1, "expected the columns InvoiceNo,StockCode,Description"),
    (header, 2, "no invoice line"),
    (header + good + "536366,71053\n", 3, "expected 8 fields, found 2"),
    (header + good + "536366,71053,META", 3, "ends in the middle of this line"),
    (
      header + good + "536366,71053,METAL,6,2010-12-01 08:26:00,3.39,17850.0,United Kin", 3,
      "middle of this line"
    ),
    (header + "536366,71053,\"METAL,6\n", 2, "inside a quoted field"),
    (header + "536366,71053,\"METAL\"x,6,d,1,c,UK\n", 2, "text after the closing quote of field 3"),
  ])
  func aFileThatCannotBeReadSaysWhere(text: String, line: Int, problem: String) throws {
    let error = try #require(throws: InputError.self) { try InvoiceFile.parse(text, file: "a.csv") }
    #expect(error.line == line)
    #expect(error.problem.contains(problem))
    #expect(error.description.hasPrefix("a.csv:\(line): "))
  }

  @Test func aMissingFileSaysSo() {
    let error = #expect(throws: InputError.self) { try InvoiceFile.read("/nowhere/a.csv") }
    #expect(error?.description.hasPrefix("/nowhere/a.csv: cannot be read") == true)
  }
}
