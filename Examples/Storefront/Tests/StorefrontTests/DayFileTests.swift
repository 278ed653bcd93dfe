import Testing

@testable import storefront

@Suite struct DayFileTests {
  private static let header =
    "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"

  @Test func invoicesAreVisits() throws {
    let day = try DayFile(
      text: Self.header + """
        536366,22633,"HAND WARMER, ""UNION"" JACK",6,2010-12-01 08:28:00,1.85,17850.0,United Kingdom
        536365,85123A,WHITE HOLDER,6,2010-12-01 08:26:00,2.55,13047.0,United Kingdom
        536365,22633,HAND WARMER,2,2010-12-01 08:26:00,1.85,13047.0,United Kingdom

        """)
    #expect(day.visits.map(\.invoice) == ["536365", "536366"])
    #expect(day.visits[0].customer == "13047")
    #expect(day.visits[0].second == 8 * 3600 + 26 * 60)
    #expect(day.visits[0].items.map(\.quantity) == [6, 2])
    #expect(day.products.map(\.sku) == ["22633", "85123A"])
    #expect(
      day.products[0]
        == Product(sku: "22633", description: "HAND WARMER, UNION JACK", pence: 185, quantity: 8))
  }

  @Test func whatIsNoOrderIsSkippedAndCounted() throws {
    let good = "536365,85123A,WHITE HOLDER,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom\n"
    let day = try DayFile(
      text: Self.header + good + """
        C536379,85123A,Discount,-1,2010-12-01 09:41:00,27.5,14527.0,United Kingdom
        536370,POST,POSTAGE,3,2010-12-01 08:45:00,18.0,12583.0,France
        536414,22139,,56,2010-12-01 11:52:00,0.0,,United Kingdom
        536415,22139,CAKE,0,2010-12-01 11:52:00,1.0,17850.0,United Kingdom
        536416,22139,CAKE,1,x 9223372036854775807:0:0,1.0,17850.0,United Kingdom
        536417,22139,CAKE,1,2010-12-01 24:00:00,1.0,17850.0,United Kingdom
        536418,22139,CAKE,1,2010-12-01 11:52:00,1.0,-5,United Kingdom
        nonsense

        """)
    #expect(day.visits.count == 1)
    #expect(day.skippedLines == 8)
  }

  @Test(arguments: ["", "a,b\n1,2\n", DayFileTests.header])
  func whatIsNoDayIsRefused(text: String) {
    #expect(throws: DayFile.Unreadable.self) { try DayFile(text: text) }
  }
}
