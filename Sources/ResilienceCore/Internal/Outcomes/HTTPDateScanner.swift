/// Reads the values of a `Retry-After` field, byte by byte; never traps.
struct HTTPDateScanner {
  private let text: ArraySlice<UInt8>
  private var rest: ArraySlice<UInt8>

  init(_ text: ArraySlice<UInt8>) {
    self.text = text
    rest = text
  }

  /// The whole text as a number of seconds, with a fraction or without, in nanoseconds; at most 2³¹ s, and
  /// what is finer than a nanosecond makes one more.
  func seconds() -> Duration? {
    let whole = text.prefix { $0 != 0x2E }
    guard let seconds = Self.number(whole, atMost: 1 << 31) else { return nil }
    guard whole.endIndex < text.endIndex else { return .seconds(seconds) }
    let fraction = text[(whole.endIndex + 1)...]
    let digits = fraction.prefix(9) + repeatElement(0x30, count: max(0, 9 - fraction.count))
    guard Self.number(fraction, atMost: 1) != nil, let nanoseconds = Self.number(digits, atMost: .max) else {
      return nil
    }
    let isFiner = fraction.dropFirst(9).contains { $0 != 0x30 }
    return min(.seconds(1 << 31), .seconds(seconds) + .nanoseconds(nanoseconds + (isFiner ? 1 : 0)))
  }

  /// One digit or more, and nothing else.
  private static func number(_ digits: some Collection<UInt8>, atMost limit: Int64) -> Int64? {
    guard !digits.isEmpty else { return nil }
    var number: Int64 = 0
    for digit in digits {
      guard (0x30...0x39).contains(digit) else { return nil }
      number = min(number.multiplyingSaturating(10).addingSaturating(Int64(digit - 0x30)), limit)
    }
    return number
  }

  /// The whole text as a date, in nanoseconds of Unix time; saturates.
  mutating func date(at now: UnixTime) -> Int64? {
    rest = text
    let weekday = rest.prefix { $0 != 0x2C && $0 != 0x20 }
    let isComplete = Self.weekdays.contains { $0.elementsEqual(weekday) }
    let isShort = Self.weekdays.contains { $0.prefix(3).elementsEqual(weekday) }
    guard isComplete || isShort else { return nil }
    rest = rest.dropFirst(weekday.count)
    var fields: Fields?
    if isShort, take(", ") {
      fields = modern()
    } else if isComplete, take(", ") {
      fields = withShortYear(at: now)
    } else if isShort, take(" ") {
      fields = ofC()
    }
    guard let fields, rest.isEmpty else { return nil }
    return fields.nanoseconds
  }

  private struct Fields {
    var year, month, day, hour, minute, second: Int64

    /// `nil` for a day that there is not; the 60th second of a minute, a leap second, is the next one's
    /// first.
    var nanoseconds: Int64? {
      let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
      let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
      guard (1...Int64(lengths[Int(month) - 1])).contains(day), hour < 24, minute < 60, second <= 60 else {
        return nil
      }
      let days = CivilDate(year: year, month: month, day: day).daysSinceEpoch
      let seconds = (days * 24 + hour) * 3600 + minute * 60 + second
      return seconds.multiplyingSaturating(1_000_000_000)
    }
  }
}

// MARK: - The three forms

extension HTTPDateScanner {
  /// `06 Nov 1994 08:49:37 GMT`
  private mutating func modern() -> Fields? {
    guard let day = number(2), take(" "), let month = month(), take(" "), let year = number(4), take(" "),
      let time = time(), take(" GMT")
    else { return nil }
    return Fields(year: year, month: month, day: day, hour: time.0, minute: time.1, second: time.2)
  }

  /// `06-Nov-94 08:49:37 GMT`; the year is the latest that is not more than 50 years ahead.
  private mutating func withShortYear(at now: UnixTime) -> Fields? {
    guard let day = number(2), take("-"), let month = month(), take("-"), let short = number(2), take(" "),
      let time = time(), take(" GMT")
    else { return nil }
    let present = 1970 + now.nanoseconds / 31_556_952_000_000_000
    var year = present / 100 * 100 + short
    if year > present + 50 { year -= 100 }
    if year <= present - 50 { year += 100 }
    return Fields(year: year, month: month, day: day, hour: time.0, minute: time.1, second: time.2)
  }

  /// `Nov  6 08:49:37 1994`
  private mutating func ofC() -> Fields? {
    guard let month = month(), take(" ") else { return nil }
    let isOneDigit = take(" ")
    guard let day = number(isOneDigit ? 1 : 2), take(" "), let time = time(), take(" "),
      let year = number(4)
    else { return nil }
    return Fields(year: year, month: month, day: day, hour: time.0, minute: time.1, second: time.2)
  }

  private mutating func time() -> (Int64, Int64, Int64)? {
    guard let hour = number(2), take(":"), let minute = number(2), take(":"), let second = number(2) else {
      return nil
    }
    return (hour, minute, second)
  }

  private mutating func month() -> Int64? {
    let name = rest.prefix(3)
    guard let index = Self.months.firstIndex(where: { $0.elementsEqual(name) }) else { return nil }
    rest = rest.dropFirst(3)
    return Int64(index) + 1
  }

  private mutating func number(_ digits: Int) -> Int64? {
    let text = rest.prefix(digits)
    guard text.count == digits else { return nil }
    var number: Int64 = 0
    for byte in text {
      guard (0x30...0x39).contains(byte) else { return nil }
      number = number * 10 + Int64(byte - 0x30)
    }
    rest = rest.dropFirst(digits)
    return number
  }

  private mutating func take(_ text: StaticString) -> Bool {
    let taken = text.withUTF8Buffer { rest.starts(with: $0) }
    if taken { rest = rest.dropFirst(text.utf8CodeUnitCount) }
    return taken
  }

  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ].map { Array($0.utf8) }

  private static let weekdays = [
    "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
  ].map { Array($0.utf8) }
}
