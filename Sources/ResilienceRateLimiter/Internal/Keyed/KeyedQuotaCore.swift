public import ResilienceCore

/// What the limiters of all keys share.
@usableFromInline
final class KeyedQuotaCore: Sendable {
  private struct State: Sendable {
    var quotas: [Quota]
    /// Of the keys that were forgotten, and of those that found no room.
    var counts = QuotaCounts()
  }

  private let name: String
  private let state: Lock<State>
  private let calendar: CalendarClock
  private let eventQueue: EventQueue<RateLimitEvent>?

  init(
    _ name: String, _ quotas: [Quota], _ zone: CalendarZone, _ eventQueue: EventQueue<RateLimitEvent>?
  ) {
    precondition(!quotas.isEmpty, "a quota limiter needs at least one quota, was \(quotas)")
    self.name = name
    self.eventQueue = eventQueue
    calendar = CalendarClock(zone)
    state = Lock(State(quotas: quotas))
  }

  var quotas: [Quota] { state.withLock { $0.quotas } }

  var counts: QuotaCounts { state.withLock { $0.counts } }

  func set(_ quotas: [Quota]) {
    precondition(!quotas.isEmpty, "a quota limiter needs at least one quota, was \(quotas)")
    state.withLock { $0.quotas = quotas }
  }

  // Refusals are told here, where the key is known.
  func make() -> QuotaLimiter { QuotaLimiter(name, quotas, calendar) }

  /// Has a limiter go by the present quotas, whoever else changes them meanwhile.
  func bringUpToDate(_ limiter: QuotaLimiter, at now: Instant, _ unixTime: UnixTime?) {
    while case let latest = quotas, latest != limiter.quotas {
      limiter.update(latest, at: now, unixTime: unixTime)
    }
  }

  func retire(_ limiter: QuotaLimiter) {
    let counts = limiter.counts
    state.withLock { $0.counts.add(counts) }
  }

  /// `nil` where no quota goes by the calendar.
  func reading(at now: Instant, _ unixTime: UnixTime?) -> CalendarReading? {
    guard quotas.contains(where: { $0.calendarPeriod != nil }) else { return nil }
    return calendar.read(at: now, unixTime ?? CallContext.current.clock.unixTime)
  }

  /// A key that is new finds no room.
  @usableFromInline
  func countRefusal() { state.withLock { $0.counts.refused &+= 1 } }

  @usableFromInline
  @inline(never)
  func tell(
    _ decision: RateLimitDecision, _ permits: Int, _ key: @autoclosure () -> String, at now: Instant,
    _ observer: CallContext?
  ) {
    guard eventQueue != nil || observer?.isObserved == true else { return }
    let retryAt: Instant? = if case .refused(let retryAt) = decision { retryAt } else { nil }
    let event = RateLimitEvent(
      limiter: name, key: key(), kind: .refused(retryAt: retryAt), permits: permits, instant: now)
    eventQueue?.enqueue(event)
    eventQueue?.drain()
    observer?.emit(event)
  }
}
