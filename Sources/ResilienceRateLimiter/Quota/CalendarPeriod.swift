/// A stretch of time by the calendar, at whose beginning a quota begins anew.
public enum CalendarPeriod: String, Sendable, Hashable, CaseIterable, Codable {
  /// From one full hour to the next.
  case hour

  /// From midnight to midnight: 24 hours, or what a change of the clocks makes of them.
  case day

  /// From midnight before the first of a month to that of the next.
  case month

  /// How long it is at most, but for a change of the clocks.
  var nominalNanoseconds: Int64 {
    switch self {
    case .hour: 3_600_000_000_000
    case .day: 86_400_000_000_000
    case .month: 31 * 86_400_000_000_000
    }
  }
}
