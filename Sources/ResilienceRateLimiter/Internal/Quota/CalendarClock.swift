internal import ResilienceCore

/// What the calendar says at one instant.
struct CalendarReading: Sendable {
  fileprivate(set) var hour: CalendarPhase
  fileprivate(set) var day: CalendarPhase
  fileprivate(set) var month: CalendarPhase
  fileprivate(set) var now: Instant
  fileprivate(set) var time: UnixTime

  fileprivate init(at now: Instant, _ time: UnixTime, in zone: CalendarZone) {
    self.now = now
    self.time = time
    hour = CalendarPhase(CalendarSpan(.hour, at: time, in: zone), at: now)
    day = CalendarPhase(CalendarSpan(.day, at: time, in: zone), at: now)
    month = CalendarPhase(CalendarSpan(.month, at: time, in: zone), at: now)
  }

  subscript(period: CalendarPeriod) -> CalendarPhase {
    switch period {
    case .hour: hour
    case .day: day
    case .month: month
    }
  }

  func ends(_ period: CalendarPeriod) -> Instant { self[period].ends(at: now, time) }

  /// When the present period of a quota ends on the wall clock; `nil` when it does not go by the calendar.
  func renewal(of quota: Quota) -> UnixTime? {
    quota.calendarPeriod.map { UnixTime(nanoseconds: self[$0].span.ends) }
  }

  fileprivate mutating func advance(to present: CalendarReading) {
    hour.advance(to: present.hour.span, at: present.now, present.time)
    day.advance(to: present.day.span, at: present.now, present.time)
    month.advance(to: present.month.span, at: present.now, present.time)
  }

  fileprivate func holds(at now: Instant, _ time: UnixTime) -> Bool {
    !hour.isOver(at: now, time) && !day.isOver(at: now, time) && !month.isOver(at: now, time)
  }
}

/// Tells the periods of a zone's calendar. The zone is the user's: it is asked once an hour, and outside the
/// lock.
final class CalendarClock: Sendable {
  private let zone: CalendarZone
  private let latest = Lock<CalendarReading?>(nil)

  init(_ zone: CalendarZone) {
    self.zone = zone
  }

  func read(at now: Instant, _ time: UnixTime) -> CalendarReading {
    var reading: CalendarReading
    if let known = latest.withLock({ $0 }), known.holds(at: now, time) {
      reading = known
    } else {
      let present = CalendarReading(at: now, time, in: zone)
      reading = latest.withLock { latest in
        guard var reading = latest else {
          latest = present
          return present
        }
        reading.advance(to: present)
        latest = reading
        return reading
      }
    }
    (reading.now, reading.time) = (now, time)
    return reading
  }
}
