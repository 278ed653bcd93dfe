/// An amount in thousandths of a pound: exact for prices of up to three decimals.
struct Money: Hashable, Comparable, AdditiveArithmetic, Codable {
  var thousandths: Int

  static let zero = Money(thousandths: 0)

  static func < (lhs: Money, rhs: Money) -> Bool { lhs.thousandths < rhs.thousandths }
  static func + (lhs: Money, rhs: Money) -> Money { Money(thousandths: lhs.thousandths + rhs.thousandths) }
  static func - (lhs: Money, rhs: Money) -> Money { Money(thousandths: lhs.thousandths - rhs.thousandths) }
  static func * (lhs: Money, rhs: Int) -> Money { Money(thousandths: lhs.thousandths * rhs) }

  init(thousandths: Int) {
    self.thousandths = thousandths
  }

  /// Reads a decimal such as `2.55`, `-1` or `607.490`; `nil` when it is not one, has more than three
  /// significant decimals, or is a billion or more.
  init?(_ text: some StringProtocol) {
    var rest = Substring(text)
    let isNegative = rest.first == "-"
    if isNegative { rest = rest.dropFirst() }
    let parts = rest.split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    guard let whole = Money.digits(parts[0], atMost: 9) else { return nil }
    var thousandths = whole * 1000
    if parts.count == 2 {
      let decimals = parts[1].reversed().drop { $0 == "0" }.reversed()
      let padded = String(decimals) + String(repeating: "0", count: max(0, 3 - decimals.count))
      guard !parts[1].isEmpty, let fraction = Money.digits(Substring(padded), atMost: 3) else { return nil }
      thousandths += fraction
    }
    self.thousandths = isNegative ? -thousandths : thousandths
  }

  private static func digits(_ text: Substring, atMost count: Int) -> Int? {
    guard (1...count).contains(text.count), text.allSatisfy({ $0.isASCII && $0.isNumber }) else { return nil }
    return Int(text)
  }
}

extension Money: CustomStringConvertible {
  var description: String {
    let pence = (abs(thousandths) + 5) / 10
    return "\(thousandths < 0 ? "-" : "")£\(pence / 100).\(pence % 100 < 10 ? "0" : "")\(pence % 100)"
  }
}
