public import ResilienceCore

/// Keeps calls within the quotas of their destination, all of them at once: 10 in any second and 200 in any
/// minute.
///
/// ```swift
/// let partner = QuotaLimiter("partner", quotas: [.perSecond(10), .perMinute(200)])
///
/// partner.tryAcquire()                                     // take a permit, or be told when
/// try await partner.run { try await client.get(order) }    // inline
/// let get = ServiceCall { (order: Order.ID) in try await client.get(order) }
///   .rateLimit(partner)                                    // as a decorator
/// ```
///
/// A permit is taken of every quota, or of none. Never more than a quota's permits are given out in any
/// stretch of time of its period; a permit comes back a period after it was taken, or at most a 64th of the
/// period later, since what was taken is counted in so many steps and not one by one.
///
/// A quota by the calendar, such as `Quota(10_000, each: .day)`, has all its permits again when the wall
/// clock says that the next period has begun, and tells those it refuses when that is. Wall clocks are
/// corrected: one that is put back finds the quota as it was, and no period's permits are given twice. One
/// that is put back by more than a period was ahead by mistake: it holds calls back for one period at most.
///
/// The counts live in memory: a new process begins with none. Where that matters, store what was used of the
/// longest quota, and take it from a new limiter before its first call, if it is the same period still (see
/// ``QuotaSnapshot/Usage/renewsAt``): `partner.tryAcquire(used)`. The other quotas count it too, for one
/// period of theirs. No more than the smallest quota can be taken at once: where more was used, take it from
/// a limiter that has the longest quota alone, and give it the others with ``update(_:)`` afterwards.
///
/// A ``TokenBucket`` is cheaper and smoother; this one is for those who must match what a provider counts.
public final class QuotaLimiter: Sendable {
  /// Names what is limited, in errors, events and metrics; empty when unnamed.
  public let name: String

  private struct State: Sendable {
    var windows: QuotaWindows
    var counts = QuotaCounts()
  }

  private let state: Lock<State>
  let calendar: CalendarClock
  private let eventQueue: EventQueue<RateLimitEvent>?

  /// Creates a limiter of which nothing was taken.
  ///
  /// - Parameters:
  ///   - name: Names what is limited, in errors, events and metrics; empty when unnamed.
  ///   - quotas: At least one.
  ///   - zone: By whose clocks the periods of quotas by the calendar begin. Default: UTC.
  ///   - onEvent: Is told of every refusal, synchronously, after the lock is released. It must be quick.
  public init(
    _ name: String, quotas: [Quota], zone: CalendarZone = .utc,
    onEvent: (@Sendable (RateLimitEvent) -> Void)? = nil
  ) {
    self.name = name
    state = Lock(State(windows: QuotaWindows(quotas)))
    calendar = CalendarClock(zone)
    eventQueue = onEvent.map { EventQueue($0) }
  }

  /// One of many, which share what tells the time; nobody is told of its refusals.
  init(_ name: String, _ quotas: [Quota], _ calendar: CalendarClock) {
    self.name = name
    state = Lock(State(windows: QuotaWindows(quotas)))
    self.calendar = calendar
    eventQueue = nil
  }

  /// The quotas, as they were given; see ``update(_:at:unixTime:)``.
  public var quotas: [Quota] { state.withLock { $0.windows.quotas } }

  /// Takes permits of all quotas if all have them, of none otherwise.
  ///
  /// - Parameters:
  ///   - permits: How many; 0 pass without any. Default: 1.
  ///   - now: The present instant. One that lies in the past counts as the latest known.
  ///   - unixTime: The present wall-clock time, for quotas by the calendar. Default: that of the current
  ///     context's clock.
  /// - Complexity: O(number of quotas).
  public func tryAcquire(_ permits: Int = 1, at now: Instant, unixTime: UnixTime? = nil) -> RateLimitDecision
  {
    decide(permits, at: now, unixTime, observer: nil)
  }

  /// Takes permits of all quotas if all have them, at the present instant of the current context's clock.
  public func tryAcquire(_ permits: Int = 1) -> RateLimitDecision {
    tryAcquire(permits, at: CallContext.current.readClock())
  }

  /// What the limiter knows, at the present instant of the current context's clock.
  public func snapshot() -> QuotaSnapshot {
    snapshot(at: CallContext.current.readClock())
  }

  /// What the limiter knows at `now`.
  ///
  /// - Parameters:
  ///   - now: The present instant.
  ///   - unixTime: The present wall-clock time, for quotas by the calendar. Default: that of the current
  ///     context's clock.
  public func snapshot(at now: Instant, unixTime: UnixTime? = nil) -> QuotaSnapshot {
    let reading = reading(at: now, unixTime)
    return state.withLock { state in
      QuotaSnapshot(
        name: name, usage: state.windows.usage(at: now, reading), acquired: state.counts.acquired,
        refused: state.counts.refused, refunded: state.counts.refunded)
    }
  }

  /// Goes on with other quotas. What was taken goes on counting.
  ///
  /// A quota of a period that there was before keeps its count, under the new number of permits. One of
  /// another period begins with what the limiter knows of the past: never with more than is left. Changing
  /// quotas back and forth gives nobody more.
  ///
  /// - Parameters:
  ///   - quotas: At least one.
  ///   - now: The present instant.
  ///   - unixTime: The present wall-clock time, for quotas by the calendar. Default: that of the current
  ///     context's clock.
  public func update(_ quotas: [Quota], at now: Instant, unixTime: UnixTime? = nil) {
    let reading = calendar.read(at: now, unixTime ?? CallContext.current.clock.unixTime)
    state.withLock { $0.windows.update(quotas, at: now, reading) }
  }

  /// Goes on with other quotas, from the present instant of the current context's clock on; see
  /// ``update(_:at:unixTime:)``.
  public func update(_ quotas: [Quota]) {
    update(quotas, at: CallContext.current.readClock())
  }

  /// Puts permits back that were taken and not used, such as for a call that was not made after all.
  ///
  /// As if they had not been taken at that time: what a quota has forgotten since has come back by itself,
  /// and no more is given back than was taken.
  ///
  /// - Parameters:
  ///   - permits: As many as were taken; 0 or less gives nothing back. Default: 1.
  ///   - instant: When they were taken.
  /// - Complexity: O(number of quotas).
  public func refund(_ permits: Int = 1, takenAt instant: Instant) {
    state.withLock { state in
      let permits = min(permits, state.counts.acquired &- state.counts.refunded)
      guard permits > 0 else { return }
      state.counts.refunded &+= permits
      state.windows.refund(permits, takenAt: instant)
    }
  }
}

// MARK: - Deciding

extension QuotaLimiter {
  private func decide(
    _ permits: Int, at now: Instant, _ unixTime: UnixTime?, observer: CallContext?
  ) -> RateLimitDecision {
    if permits == 0 { return .acquired }
    let decision = decide(permits, at: now) ?? decide(permits, at: now, unixTime)
    if decision != .acquired {
      eventQueue?.drain()
      observer?.emit(refusal(decision, permits, at: now))
    }
    return decision
  }

  /// - Returns: `nil` when a quota goes by the calendar.
  private func decide(_ permits: Int, at now: Instant) -> RateLimitDecision? {
    state.withLock { state in
      guard !state.windows.asksTheCalendar else { return nil }
      let decision = state.windows.take(permits, at: now)
      count(decision, permits, at: now, &state)
      return decision
    }
  }

  // The zone is the user's: it is asked outside the lock.
  @inline(never)
  private func decide(_ permits: Int, at now: Instant, _ unixTime: UnixTime?) -> RateLimitDecision {
    let reading = calendar.read(at: now, unixTime ?? CallContext.current.clock.unixTime)
    return state.withLock { state in
      let decision = state.windows.take(permits, reading)
      count(decision, permits, at: now, &state)
      return decision
    }
  }

  @inline(__always)
  private func count(_ decision: RateLimitDecision, _ permits: Int, at now: Instant, _ state: inout State) {
    guard decision != .acquired else {
      state.counts.acquired &+= permits
      return
    }
    state.counts.refused &+= 1
    eventQueue?.enqueue(refusal(decision, permits, at: now))
  }

  /// `nil` where no quota goes by the calendar.
  private func reading(at now: Instant, _ unixTime: UnixTime?) -> CalendarReading? {
    guard state.withLock({ $0.windows.asksTheCalendar }) else { return nil }
    return calendar.read(at: now, unixTime ?? CallContext.current.clock.unixTime)
  }

  private func refusal(_ decision: RateLimitDecision, _ permits: Int, at now: Instant) -> RateLimitEvent {
    let retryAt: Instant? = if case .refused(let retryAt) = decision { retryAt } else { nil }
    return RateLimitEvent(limiter: name, kind: .refused(retryAt: retryAt), permits: permits, instant: now)
  }

  var counts: QuotaCounts { state.withLock { $0.counts } }

  /// From when on a new limiter would be no different, but for its counts.
  func idleFrom(_ reading: CalendarReading?) -> Instant {
    state.withLock { $0.windows.idleFrom(reading) }
  }

  /// Takes permits, or throws the rejection.
  @usableFromInline
  @inline(never)
  func enter(_ permits: Int, _ context: inout CallContext) throws {
    let now = context.now
    let decision = decide(permits, at: now, nil, observer: context)
    if decision != .acquired { throw rejection(decision, permits, at: now) }
  }

  /// The error of a call that was refused.
  @usableFromInline
  @inline(never)
  func rejection(_ decision: RateLimitDecision, _ permits: Int, at now: Instant) -> any Error {
    if case .refused(let retryAt) = decision {
      return RateLimited(limiter: name, reason: .noPermit, retryAt: retryAt, at: now)
    }
    let smallest = state.withLock { $0.windows.smallest }
    return ImpossiblePermits(limiter: name, permits: permits, burst: smallest)
  }

  /// Puts the permits of a call back that a layer inside has refused: nothing ran.
  @usableFromInline
  @inline(never)
  func refund(_ permits: Int, takenAt instant: Instant, ifRefusal error: any Error) {
    if ErrorKind(of: error).contains(.rejection) { refund(permits, takenAt: instant) }
  }
}
