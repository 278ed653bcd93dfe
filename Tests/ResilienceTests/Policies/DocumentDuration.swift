/// The spelling of durations in documents, told a second time.
enum DocumentDuration {
  private static let units: [(name: String, nanoseconds: Int64)] = [
    ("ns", 1), ("us", 1000), ("ms", 1_000_000), ("s", 1_000_000_000), ("min", 60_000_000_000),
    ("h", 3_600_000_000_000),
  ]

  /// In any unit that has it in whole numbers.
  static func text(_ nanoseconds: Int64, _ draw: Draw) -> String {
    let unit = draw.one(of: units.filter { nanoseconds % $0.nanoseconds == 0 })
    return "\(nanoseconds / unit.nanoseconds)\(unit.name)"
  }

  static func nanoseconds(_ text: String) -> Int64? {
    let digits = text.prefix { $0.isNumber }
    guard let unit = units.first(where: { $0.name == text.dropFirst(digits.count) }) else { return nil }
    return Int64(digits).map { $0 * unit.nanoseconds }
  }

  static func draw(_ range: ClosedRange<Int64>, _ draw: Draw) -> String {
    let unit = draw.one(of: units)
    let drawn = unit.nanoseconds * Int64(draw.below(2000))
    return text(
      range.contains(drawn) && draw.below(4) > 0 ? drawn : draw.integer(in: range), draw)
  }

  /// What no duration looks like.
  static let malformed = [
    "", "5", "ms", "-1s", "+1s", "1.5s", "1 s", " 1s", "1s ", "1S", "1m", "1d", "1sec", "1e3s", "0x1s",
    "1_000s",
    "9223372036854775808ns", "99999999999999999999s", "2562048h", "٣s", "½s", "1ss", "1s1s", "s1", "infinity",
  ]
}
