/// A date and time of the input: `2010-12-01 08:26:00` or, as in the data set's first form, `12/1/2010 8:26`.
struct DayTime: Hashable {
  /// `2010-12-01`.
  var day: String
  /// Seconds since midnight.
  var second: Int

  init?(_ text: String) {
    let halves = text.split(separator: " ")
    guard halves.count == 2, let day = Self.day(halves[0]), let second = Self.second(halves[1]) else {
      return nil
    }
    self.day = day
    self.second = second
  }

  private static func day(_ text: Substring) -> String? {
    let isISO = text.contains("-")
    let parts = numbers(text, separator: isISO ? "-" : "/")
    guard parts.count == 3 else { return nil }
    let (year, month, day) = isISO ? (parts[0], parts[1], parts[2]) : (parts[2], parts[0], parts[1])
    guard (1900...2200).contains(year), (1...12).contains(month), (1...31).contains(day) else { return nil }
    return "\(year)-\(twoDigits(month))-\(twoDigits(day))"
  }

  private static func second(_ text: Substring) -> Int? {
    let parts = numbers(text, separator: ":") + (text.filter { $0 == ":" }.count == 1 ? [0] : [])
    guard parts.count == 3, (0..<24).contains(parts[0]), (0..<60).contains(parts[1]),
      (0..<60).contains(parts[2])
    else { return nil }
    return parts[0] * 3600 + parts[1] * 60 + parts[2]
  }

  /// The numbers between separators; empty when one is not a number.
  private static func numbers(_ text: Substring, separator: Character) -> [Int] {
    let parts = text.split(separator: separator, omittingEmptySubsequences: false).map { Int($0) }
    return parts.contains(nil) ? [] : parts.compactMap(\.self)
  }

  static func twoDigits(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
