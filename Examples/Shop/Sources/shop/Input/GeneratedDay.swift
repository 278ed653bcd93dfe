import ResilienceCore

/// A made-up day of trade with the same kinds of dirt as a real one, the same for the same seed.
enum GeneratedDay {
  static let invoiceCount = 150

  static func lines(seed: UInt64) -> [InvoiceLine] {
    let random = SeededRandomSource(seed: seed)
    let catalogue = (0..<400).map { Product(number: $0, random: random) }
    let times = (0..<invoiceCount).map { _ in 8 * 3600 + random.next(below: 9 * 3600) }.sorted()
    var lines: [InvoiceLine] = []
    for (index, second) in times.enumerated() {
      let isCancellation = random.next(below: 25) == 0
      let customer = random.next(below: 9) == 0 ? "" : "\(12_000 + random.next(below: 100)).0"
      for _ in 0..<(1 + random.next(below: 39)) {
        let product = catalogue[random.next(below: catalogue.count)]
        lines.append(
          InvoiceLine(
            number: lines.count + 2, invoice: "\(isCancellation ? "C" : "")\(600_000 + index)",
            stockCode: product.code, description: product.name,
            quantity: "\((isCancellation ? -1 : 1) * (1 + random.next(below: 24)))",
            date: "2010-12-01 \(clock(second))", unitPrice: product.price, customer: customer))
      }
    }
    soil(&lines, with: random)
    return lines
  }

  private struct Product {
    var code: String
    var name: String
    var price: String

    init(number: Int, random: SeededRandomSource) {
      let colours = ["RED", "BLUE", "IVORY", "PINK", "GREEN"]
      let things = [
        "HEART T-LIGHT HOLDER", "LANTERN", "HOT WATER BOTTLE", "CAKE STAND", "\"RETRO\" MUG, LARGE",
      ]
      code = "\(20_000 + number)\(number % 7 == 0 ? "B" : "")"
      name = "\(colours[random.next(below: 5)]) \(things[random.next(below: 5)]) \(number)"
      price = "\(random.next(below: 12)).\(10 + random.next(below: 90))"
    }
  }

  /// Spoils about one line in fifty, as real books are.
  private static func soil(_ lines: inout [InvoiceLine], with random: SeededRandomSource) {
    for index in lines.indices where random.next(below: 50) == 0 {
      switch random.next(below: 4) {
      case 0: lines[index].description = ""
      case 1: lines[index].unitPrice = "0.0"
      case 2: lines[index].stockCode = ["POST", "D", "M", "DOT"][random.next(below: 4)]
      default: lines[index].quantity = "-3"
      }
    }
  }

  private static func clock(_ second: Int) -> String {
    [second / 3600, second / 60 % 60, second % 60].map(DayTime.twoDigits).joined(separator: ":")
  }
}
