/// The value of `grpc-timeout`: at most eight digits, and a unit.
struct GRPCTimeout {
  let duration: Duration

  init(_ duration: Duration) {
    self.duration = duration
  }

  /// `nil` for what is no such value.
  init?(_ text: String) {
    let digits = text.utf8.dropLast()
    guard (1...8).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }),
      let value = Int64(Substring(digits)), let unit = text.utf8.last
    else { return nil }
    switch unit {
    case UInt8(ascii: "n"): duration = .nanoseconds(value)
    case UInt8(ascii: "u"): duration = .microseconds(value)
    case UInt8(ascii: "m"): duration = .milliseconds(value)
    case UInt8(ascii: "S"): duration = .seconds(value)
    case UInt8(ascii: "M"): duration = .seconds(value * 60)
    case UInt8(ascii: "H"): duration = .seconds(value * 3600)
    default: return nil
    }
  }

  private static let units: [(name: String, unit: Duration)] = [
    ("n", .nanoseconds(1)), ("u", .microseconds(1)), ("m", .milliseconds(1)), ("S", .seconds(1)),
    ("M", .seconds(60)), ("H", .seconds(3600)),
  ]

  /// In the finest unit that has room, rounded down: who waits has no more time than that.
  var text: String {
    for (name, unit) in Self.units {
      let count = duration / unit
      if count < 100_000_000 { return "\(max(0, Int64(count.rounded(.down))))\(name)" }
    }
    return "99999999H"
  }
}
