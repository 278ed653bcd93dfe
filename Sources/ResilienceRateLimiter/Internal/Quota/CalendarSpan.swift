internal import ResilienceCore

/// One period of the calendar: from which wall-clock time to which, in nanoseconds since 1970.
struct CalendarSpan: Sendable, Hashable {
  let starts: Int64
  let ends: Int64

  private static let day: Int64 = 86_400_000_000_000
  private static let hour: Int64 = 3_600_000_000_000
  private static let first = Int64.min + 100 * day
  private static let last = Int64.max - 100 * day

  init(starts: Int64, ends: Int64) {
    self.starts = starts
    self.ends = ends
  }

  /// The period that holds `time`, whatever the zone says: it ends later, and is a day longer than it may be
  /// at most.
  init(_ period: CalendarPeriod, at time: UnixTime, in zone: CalendarZone) {
    let time = time.nanoseconds
    // So near the ends of what can be counted that the arithmetic below overflows, nothing begins any more.
    guard time > Self.first, time < Self.last else {
      (starts, ends) = time < 0 ? (.min, Self.first + 1) : (Self.last, .max)
      return
    }
    let offset = zone.offset(at: time)
    let local = time + offset
    if period == .hour {
      // The clocks change by whole hours, and an hour that comes twice is two.
      starts = local.flooredDivision(by: Self.hour).quotient * Self.hour - offset
      ends = starts + Self.hour
      return
    }
    let today = local.flooredDivision(by: Self.day).quotient
    let (first, next) = period == .day ? (today, today + 1) : Self.month(of: today)
    let latest = time + period.nominalNanoseconds + Self.day
    starts = min(time, max(time - (latest - time), Self.midnight(before: first, near: offset, in: zone)))
    ends = max(time + 1, min(latest, Self.midnight(before: next, near: offset, in: zone)))
  }

  func contains(_ time: UnixTime) -> Bool { starts <= time.nanoseconds && time.nanoseconds < ends }

  private static func month(of day: Int64) -> (first: Int64, next: Int64) {
    var date = CivilDate(daysSinceEpoch: day)
    date.day = 1
    return (date.daysSinceEpoch, date.nextMonth.daysSinceEpoch)
  }

  /// When a day begins. Where its midnight comes twice it is the second; where it is left out, it is when the
  /// clocks are put forward.
  private static func midnight(before date: Int64, near offset: Int64, in zone: CalendarZone) -> Int64 {
    let local = date * day
    // The clocks do not change twice within two days.
    let offsets = [zone.offset(at: local - offset - day), zone.offset(at: local - offset + day)]
    let candidates = offsets.map { local - $0 }
    let latest = max(candidates[0], candidates[1])
    return candidates.filter { $0 + zone.offset(at: $0) == local }.max() ?? latest
  }
}
