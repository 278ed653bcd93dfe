internal import ResilienceCore

/// How many permits were taken in the present period of the calendar.
struct CalendarWindow: Sendable {
  let period: CalendarPeriod
  var permits: Int
  private(set) var used = 0
  /// Of the period.
  private var number = -1
  private var begunAt = Instant.distantPast

  init(_ permits: Int, _ period: CalendarPeriod) {
    self.permits = permits
    self.period = period
  }

  mutating func advance(to reading: CalendarReading) {
    let phase = reading[period]
    // Somebody else may have read a later period meanwhile.
    guard phase.number > number else { return }
    (number, begunAt, used) = (phase.number, phase.begunAt, 0)
  }

  mutating func take(_ count: Int) { used += count }

  mutating func refund(_ count: Int, takenAt instant: Instant) {
    if instant >= begunAt { used -= min(used, count) }
  }

  /// When `count` permits, at most all, can be taken if nobody takes any before.
  func earliest(_ count: Int, _ reading: CalendarReading) -> Instant {
    used <= permits - count ? reading.now : reading.ends(period)
  }

  /// From when on nothing is taken that still counts.
  func idleFrom(_ reading: CalendarReading) -> Instant {
    used == 0 || reading[period].number > number ? .distantPast : reading.ends(period)
  }

  /// What was taken in the period, as if it had been taken at `now`.
  func takings(at now: Instant) -> [(instant: Instant, permits: Int)] { used > 0 ? [(now, used)] : [] }
}
