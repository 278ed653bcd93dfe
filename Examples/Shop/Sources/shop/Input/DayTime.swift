/// A date and time of the input, in the forms of spreadsheets and databases.
struct DayTime: Hashable {
  /// In what order a date with slashes is written.
  enum SlashOrder: Hashable {
    case monthFirst
    case dayFirst
  }

  static let forms =
    "2010-12-01 08:26:00, 2010-12-01T08:26:00Z, 12/1/2010 8:26, 12/1/10 8:26 AM, and with the day first"

  /// `2010-12-01`.
  var day: String
  /// Seconds since midnight.
  var second: Int

  init?(_ text: String, slashes order: SlashOrder = .monthFirst) {
    let text = text.trimmingSpaces()
    guard let gap = text.firstIndex(where: { $0 == " " || $0 == "T" }),
      let day = Self.day(text[..<gap], order),
      let second = Self.second(text[text.index(after: gap)...])
    else { return nil }
    self.day = day
    self.second = second
  }

  /// The order that the dates of a file tell: the one in which all of them are dates. `nil` where both would
  /// do.
  static func slashOrder(of dates: some Sequence<String>) -> SlashOrder? {
    for text in dates {
      let date = text.trimmingSpaces().prefix { $0 != " " }
      let parts = numbers(date, separator: "/")
      guard parts.count == 3 else { continue }
      if parts[0] > 12, parts[1] <= 12 { return .dayFirst }
      if parts[1] > 12, parts[0] <= 12 { return .monthFirst }
    }
    return nil
  }

  private static func day(_ text: Substring, _ order: SlashOrder) -> String? {
    let isISO = text.contains("-")
    let parts = numbers(text, separator: isISO ? "-" : "/")
    guard parts.count == 3 else { return nil }
    var (year, month, day) = (parts[0], parts[1], parts[2])
    if !isISO {
      (year, month, day) =
        order == .monthFirst ? (parts[2], parts[0], parts[1]) : (parts[2], parts[1], parts[0])
      // A spreadsheet's two digits.
      if (0...99).contains(year) { year += year < 70 ? 2000 : 1900 }
    }
    guard (1900...2200).contains(year), (1...12).contains(month), (1...31).contains(day) else { return nil }
    return "\(year)-\(twoDigits(month))-\(twoDigits(day))"
  }

  private static func second(_ text: Substring) -> Int? {
    var rest = text.filter { $0 != " " }
    var half: Int?
    for (mark, hours) in [("am", 0), ("pm", 12)] where rest.lowercased().hasSuffix(mark) {
      rest.removeLast(2)
      half = hours
    }
    if half == nil, rest.hasSuffix("Z") { rest.removeLast() }
    // Fractions of a second say nothing here.
    if let point = rest.firstIndex(of: "."), rest[point...].dropFirst().allSatisfy(\.isNumber) {
      rest = String(rest[..<point])
    }
    var parts = numbers(rest[...], separator: ":")
    if parts.count == 2 { parts.append(0) }
    guard parts.count == 3 else { return nil }
    if let half {
      guard (1...12).contains(parts[0]) else { return nil }
      parts[0] = parts[0] % 12 + half
    }
    guard (0..<24).contains(parts[0]), (0..<60).contains(parts[1]), (0..<60).contains(parts[2]) else {
      return nil
    }
    return parts[0] * 3600 + parts[1] * 60 + parts[2]
  }

  /// The numbers between separators; empty when one is not a number.
  private static func numbers(_ text: Substring, separator: Character) -> [Int] {
    let parts = text.split(separator: separator, omittingEmptySubsequences: false).map { part in
      part.allSatisfy { $0.isASCII && $0.isNumber } ? Int(part) : nil
    }
    return parts.contains(nil) ? [] : parts.compactMap(\.self)
  }

  static func twoDigits(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}

extension String {
  func trimmingSpaces() -> String {
    String(drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
  }
}
