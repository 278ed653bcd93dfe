/// A duration as policy documents spell it: a whole number and a unit, `50ms`, `20s`, `2min`.
///
/// `Duration` itself encodes as two numbers of attoseconds, which nobody can read or write. Whole nanoseconds
/// are kept, up to 292 years.
package struct DurationText: Codable, Sendable, Hashable {
  package static let requirement = "a whole number and a unit of ns, us, ms, s, min or h, such as \"50ms\""

  package let duration: Duration

  package init(_ duration: Duration) {
    self.duration = duration
  }

  private static let units: [(name: String, nanoseconds: Int64)] = [
    ("h", 3_600_000_000_000), ("min", 60_000_000_000), ("s", 1_000_000_000), ("ms", 1_000_000),
    ("us", 1_000), ("ns", 1),
  ]

  /// `nil` for what is no such text, is negative, or exceeds 292 years.
  package init?(_ text: String) {
    let digits = text.prefix { $0.isASCII && $0.isNumber }
    let name = text.dropFirst(digits.count)
    guard let count = Int64(digits), let unit = Self.units.first(where: { $0.name == name }) else {
      return nil
    }
    let (nanoseconds, overflow) = count.multipliedReportingOverflow(by: unit.nanoseconds)
    guard !overflow else { return nil }
    duration = .nanoseconds(nanoseconds)
  }

  package var description: String { text(separator: "") }

  fileprivate func text(separator: String) -> String {
    // What is more than nothing must not be read as nothing.
    let nanoseconds = duration > .zero ? max(1, duration.clampedNanoseconds) : duration.clampedNanoseconds
    let unit = Self.units.first { nanoseconds % $0.nanoseconds == 0 } ?? ("ns", 1)
    return nanoseconds == 0 ? "0\(separator)s" : "\(nanoseconds / unit.nanoseconds)\(separator)\(unit.name)"
  }

  package init(from decoder: any Decoder) throws {
    guard let text = try? decoder.singleValueContainer().decode(String.self),
      let value = DurationText(text)
    else { throw InvalidSetting(at: decoder, Self.requirement) }
    self = value
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

extension Duration {
  /// A whole number and a unit, for a reader: `50 ms`, `3 s`.
  package var unitText: String { DurationText(self).text(separator: " ") }
}
