internal import ResilienceCore

/// The present period of the calendar, of one length.
///
/// A period begins when the wall clock has reached the end of the one before, and not before that: a clock
/// that is put back finds the quota as it was. One that is put back beyond the period's beginning may have
/// been years ahead by mistake: so a period is over at the latest when its length has passed on the clock
/// that nobody puts back.
struct CalendarPhase: Sendable {
  /// Grows from each period to the next.
  private(set) var number = 0
  private(set) var span: CalendarSpan
  /// When the period was found to have begun.
  private(set) var begunAt: Instant
  private var overAt: Instant

  init(_ span: CalendarSpan, at now: Instant) {
    self.span = span
    begunAt = now
    overAt = now.advanced(byNanoseconds: span.ends.subtractingSaturating(span.starts))
  }

  func isOver(at now: Instant, _ time: UnixTime) -> Bool {
    time.nanoseconds >= span.ends || (time.nanoseconds < span.starts && now >= overAt)
  }

  mutating func advance(to present: CalendarSpan, at now: Instant, _ time: UnixTime) {
    guard isOver(at: now, time), present != span else { return }
    let number = number + 1
    self = CalendarPhase(present, at: now)
    self.number = number
  }

  func ends(at now: Instant, _ time: UnixTime) -> Instant {
    let end = now.advanced(byNanoseconds: max(0, span.ends.subtractingSaturating(time.nanoseconds)))
    return time.nanoseconds < span.starts ? min(end, max(now, overAt)) : end
  }
}
