internal import ResilienceCore

extension UnixTime {
  /// Reads a time as RFC 3339 has it; what is finer than a nanosecond is dropped, a leap second is the next
  /// one. `nil` for anything else, and for what 64 bits of nanoseconds do not reach.
  init?(rfc3339 text: String) {
    var reader = DigitReader(Array(text.utf8))
    guard let year = reader.number(4), reader.take("-"), let month = reader.number(2), reader.take("-"),
      let day = reader.number(2), reader.take("T") || reader.take("t"),
      let hour = reader.number(2), reader.take(":"), let minute = reader.number(2), reader.take(":"),
      let second = reader.number(2), (1...12).contains(month), hour < 24, minute < 60, second <= 60
    else { return nil }
    let date = CivilDate(year: year, month: month, day: day)
    guard day >= 1, CivilDate(daysSinceEpoch: date.daysSinceEpoch) == date else { return nil }
    var fraction: Int64 = 0
    if reader.take(".") {
      guard let read = reader.fraction() else { return nil }
      fraction = read
    }
    guard let offset = reader.offset(), reader.isAtEnd else { return nil }
    let seconds = date.daysSinceEpoch * 86_400 + hour * 3600 + minute * 60 + second - offset
    let exact = Int128(seconds) * 1_000_000_000 + Int128(fraction)
    guard let nanoseconds = Int64(exactly: exact) else { return nil }
    self.init(nanoseconds: nanoseconds)
  }
}

private struct DigitReader {
  private var rest: ArraySlice<UInt8>

  init(_ bytes: [UInt8]) {
    rest = bytes[...]
  }

  var isAtEnd: Bool { rest.isEmpty }

  mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard rest.first == UInt8(ascii: character) else { return false }
    rest.removeFirst()
    return true
  }

  private mutating func digit() -> Int64? {
    guard let byte = rest.first, (0x30...0x39).contains(byte) else { return nil }
    rest.removeFirst()
    return Int64(byte - 0x30)
  }

  mutating func number(_ digits: Int) -> Int64? {
    var number: Int64 = 0
    for _ in 0..<digits {
      guard let digit = digit() else { return nil }
      number = number * 10 + digit
    }
    return number
  }

  /// In nanoseconds; one digit or more.
  mutating func fraction() -> Int64? {
    guard var fraction = digit() else { return nil }
    fraction *= 100_000_000
    var unit: Int64 = 10_000_000
    while let digit = digit() {
      fraction += digit * unit
      unit /= 10
    }
    return fraction
  }

  /// In seconds.
  mutating func offset() -> Int64? {
    if take("Z") || take("z") { return 0 }
    let isBehind = take("-")
    guard isBehind || take("+"), let hours = number(2), take(":"), let minutes = number(2), hours < 24,
      minutes < 60
    else { return nil }
    return (hours * 3600 + minutes * 60) * (isBehind ? -1 : 1)
  }
}
