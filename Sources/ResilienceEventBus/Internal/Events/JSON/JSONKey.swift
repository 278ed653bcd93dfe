/// A key that no user's type declares: a position, or `super`.
struct JSONKey: CodingKey {
  static let `super` = JSONKey(stringValue: "super")

  let stringValue: String
  let intValue: Int?

  init(stringValue: String) {
    self.stringValue = stringValue
    intValue = nil
  }

  init(intValue: Int) {
    stringValue = "\(intValue)"
    self.intValue = intValue
  }
}

extension [any CodingKey] {
  /// The way to a value, as `lines.0.price`; the whole has none.
  var pathText: String { map(\.stringValue).joined(separator: ".") }
}
