public import ResilienceCore

/// By whose clocks a quota's day begins: how far they are ahead of UTC.
///
/// ```swift
/// QuotaLimiter("partner", quotas: [Quota(10_000, each: .day)], zone: .offset(hours: -8))
/// ```
///
/// A zone that changes its clocks in summer is a closure. With Foundation:
///
/// ```swift
/// let berlin = TimeZone(identifier: "Europe/Berlin")!
/// let zone = CalendarZone { time in
///   berlin.secondsFromGMT(for: Date(timeIntervalSince1970: Double(time.nanoseconds) / 1e9))
/// }
/// ```
public struct CalendarZone: Sendable {
  private let secondsAhead: @Sendable (UnixTime) -> Int

  /// Creates a zone.
  ///
  /// It is asked a few times an hour, not for each call, and outside every lock.
  ///
  /// - Parameter secondsAhead: By how many seconds the zone's clocks are ahead of UTC at a time; pure.
  ///   Negative west of Greenwich; more than a day counts as a day.
  public init(_ secondsAhead: @escaping @Sendable (_ time: UnixTime) -> Int) {
    self.secondsAhead = secondsAhead
  }

  /// Coordinated universal time: what most providers count by.
  public static let utc = CalendarZone { _ in 0 }

  /// Clocks that are always as far ahead of UTC.
  ///
  /// - Parameters:
  ///   - hours: −24 to 24; negative west of Greenwich.
  ///   - minutes: Added to the hours, with their sign. Default: 0.
  public static func offset(hours: Int, minutes: Int = 0) -> CalendarZone {
    let seconds = min(24, max(-24, hours)) * 3600 + min(59, max(-59, minutes)) * 60
    return CalendarZone { _ in seconds }
  }

  /// In nanoseconds.
  func offset(at nanoseconds: Int64) -> Int64 {
    Int64(min(86_400, max(-86_400, secondsAhead(UnixTime(nanoseconds: nanoseconds))))) * 1_000_000_000
  }
}
