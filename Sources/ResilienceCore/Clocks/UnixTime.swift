/// A wall-clock time: nanoseconds since 1970-01-01T00:00:00Z, without leap seconds.
///
/// For labels (the time of an event, the start of a span), not for a decision: wall clocks are corrected, and
/// jump. What is defined by the calendar, as a quota that begins anew at midnight, has no other clock, and
/// says what it does then.
public struct UnixTime: Sendable, BitwiseCopyable, Hashable, Comparable, Codable {
  /// Nanoseconds since the epoch; negative before it.
  public var nanoseconds: Int64

  /// Creates a time.
  public init(nanoseconds: Int64) {
    self.nanoseconds = nanoseconds
  }

  /// Whether `lhs` is earlier.
  public static func < (lhs: UnixTime, rhs: UnixTime) -> Bool { lhs.nanoseconds < rhs.nanoseconds }

  /// The time `duration` later; saturates.
  public func advanced(by duration: Duration) -> UnixTime {
    UnixTime(nanoseconds: nanoseconds.addingSaturating(duration.clampedNanoseconds))
  }
}

extension UnixTime: CustomStringConvertible {
  /// RFC 3339 in UTC with as many fractional digits (0, 3, 6 or 9) as it takes, such as
  /// `2010-12-01T08:26:00Z`.
  public var description: String {
    let (days, nanosecondOfDay) = nanoseconds.flooredDivision(by: 86_400_000_000_000)
    let date = CivilDate(daysSinceEpoch: days)
    let second = nanosecondOfDay / 1_000_000_000
    var text = "\(padded(date.year, 4))-\(padded(date.month, 2))-\(padded(date.day, 2))T"
    text += "\(padded(second / 3600, 2)):\(padded(second / 60 % 60, 2)):\(padded(second % 60, 2))"
    var fraction = nanosecondOfDay % 1_000_000_000
    if fraction != 0 {
      var digits = 9
      while fraction % 1000 == 0 {
        fraction /= 1000
        digits -= 3
      }
      text += ".\(padded(fraction, digits))"
    }
    return text + "Z"
  }
}

private func padded(_ value: Int64, _ width: Int) -> String {
  let digits = String(value)
  return String(repeating: "0", count: max(0, width - digits.count)) + digits
}
