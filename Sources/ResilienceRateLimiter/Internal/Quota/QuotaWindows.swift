internal import ResilienceCore

/// What was taken of several quotas: of all of them at once, or of none.
struct QuotaWindows: Sendable {
  private(set) var quotas: [Quota]
  private(set) var smallest: Int
  // Those by the calendar apart: the others do not ask what time it is.
  private var sliding: [SlidingWindow]
  private var calendar: [CalendarWindow]

  init(_ quotas: [Quota]) {
    precondition(!quotas.isEmpty, "a quota limiter needs at least one quota, was \(quotas)")
    self.quotas = quotas
    smallest = quotas.map(\.permits).min() ?? 0
    sliding = quotas.filter { $0.calendarPeriod == nil }.map(SlidingWindow.init)
    calendar = quotas.compactMap { quota in
      quota.calendarPeriod.map { CalendarWindow(quota.permits, $0) }
    }
  }

  /// Whether a reading of the calendar is needed.
  var asksTheCalendar: Bool { !calendar.isEmpty }

  mutating func advance(to now: Instant, _ reading: CalendarReading?) {
    for index in sliding.indices { sliding[index].advance(to: now) }
    guard let reading else { return }
    for index in calendar.indices { calendar[index].advance(to: reading) }
  }

  /// Takes permits where no quota goes by the calendar.
  mutating func take(_ permits: Int, at now: Instant) -> RateLimitDecision {
    guard permits > 0, permits <= smallest else { return refusal(permits) }
    let fits = sliding.withUnsafeMutableBufferPointer { windows in
      guard Self.fits(permits, windows, at: now) else { return false }
      for index in windows.indices { windows[index].take(permits) }
      return true
    }
    return fits ? .acquired : .refused(retryAt: earliest(permits, at: now))
  }

  @inline(never)
  mutating func take(_ permits: Int, _ reading: CalendarReading) -> RateLimitDecision {
    guard permits > 0, permits <= smallest else { return refusal(permits) }
    var fits = sliding.withUnsafeMutableBufferPointer { Self.fits(permits, $0, at: reading.now) }
    for index in calendar.indices {
      calendar[index].advance(to: reading)
      fits = fits && calendar[index].used <= calendar[index].permits - permits
    }
    guard fits else {
      return .refused(
        retryAt: calendar.reduce(earliest(permits, at: reading.now)) {
          max($0, $1.earliest(permits, reading))
        })
    }
    for index in sliding.indices { sliding[index].take(permits) }
    for index in calendar.indices { calendar[index].take(permits) }
    return .acquired
  }

  @inline(never)
  private func refusal(_ permits: Int) -> RateLimitDecision {
    smallest == 0 && permits > 0 ? .refused(retryAt: nil) : .impossible
  }

  @inline(__always)
  private static func fits(
    _ permits: Int, _ windows: UnsafeMutableBufferPointer<SlidingWindow>, at now: Instant
  ) -> Bool {
    var fits = true
    for index in windows.indices {
      windows[index].advance(to: now)
      fits = fits && windows[index].used <= windows[index].permits - permits
    }
    return fits
  }

  @inline(never)
  private func earliest(_ permits: Int, at now: Instant) -> Instant {
    sliding.reduce(now) { max($0, $1.earliest(permits, at: now)) }
  }

  /// From when on nothing is taken that still counts, if nothing more is: new windows would be no different.
  func idleFrom(_ reading: CalendarReading?) -> Instant {
    let idleFrom = sliding.reduce(.distantPast) { max($0, $1.idleFrom) }
    return calendar.reduce(idleFrom) { max($0, reading.map($1.idleFrom) ?? Instant(nanoseconds: .max)) }
  }

  mutating func refund(_ permits: Int, takenAt instant: Instant) {
    for index in sliding.indices { sliding[index].refund(permits, takenAt: instant) }
    for index in calendar.indices { calendar[index].refund(permits, takenAt: instant) }
  }

  /// What is left of each quota, in the order of ``quotas``.
  mutating func usage(at now: Instant, _ reading: CalendarReading?) -> [QuotaSnapshot.Usage] {
    advance(to: now, reading)
    var (nextSliding, nextCalendar) = (sliding.makeIterator(), calendar.makeIterator())
    return quotas.map { quota in
      if quota.calendarPeriod != nil, let window = nextCalendar.next() {
        let fullAt = reading.map { window.earliest(window.permits, $0) } ?? now
        return .init(
          quota: quota, available: max(0, quota.permits - window.used), fullAt: fullAt,
          renewsAt: reading?.renewal(of: quota))
      }
      let window = nextSliding.next()
      return .init(
        quota: quota, available: max(0, quota.permits - (window?.used ?? 0)),
        fullAt: window?.full(at: now) ?? now)
    }
  }
}

// MARK: - Other quotas

extension QuotaWindows {
  /// Goes on with other quotas. What was taken goes on counting: a quota of a period that there was keeps its
  /// count, another one begins with what the quota next longer than it knows, or else the longest.
  mutating func update(_ quotas: [Quota], at now: Instant, _ reading: CalendarReading?) {
    advance(to: now, reading)
    let before = self
    self = QuotaWindows(quotas)
    for index in sliding.indices { sliding[index] = before.successor(of: sliding[index], at: now) }
    guard let reading else { return }
    for index in calendar.indices {
      calendar[index] = before.successor(of: calendar[index], at: now, reading)
    }
  }

  private func successor(of new: SlidingWindow, at now: Instant) -> SlidingWindow {
    if var same = sliding.first(where: { $0.periodNanoseconds == new.periodNanoseconds }) {
      same.permits = new.permits
      return same
    }
    var window = new
    window.advance(to: now)
    for (instant, permits) in takings(within: new.periodNanoseconds, at: now) {
      window.take(permits, inThePastAt: instant)
    }
    return window
  }

  private func successor(of new: CalendarWindow, at now: Instant, _ reading: CalendarReading)
    -> CalendarWindow
  {
    if var same = calendar.first(where: { $0.period == new.period }) {
      same.permits = new.permits
      return same
    }
    var window = new
    window.advance(to: reading)
    let age = reading.time.nanoseconds.subtractingSaturating(reading[new.period].span.starts)
    let start = now.advanced(byNanoseconds: -max(0, age))
    for (instant, permits) in takings(within: new.period.nominalNanoseconds, at: now) where instant >= start {
      window.take(permits)
    }
    return window
  }

  private func takings(within period: Int64, at now: Instant) -> [(instant: Instant, permits: Int)] {
    let known =
      sliding.map { ($0.periodNanoseconds, $0.takings(at: now)) }
      + calendar.map { ($0.period.nominalNanoseconds, $0.takings(at: now)) }
    let best = known.filter { $0.0 >= period }.min { $0.0 < $1.0 } ?? known.max { $0.0 < $1.0 }
    return best?.1 ?? []
  }
}
