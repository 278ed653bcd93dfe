public import ResilienceCore

/// The generic cell rate algorithm: a token bucket in one number.
///
/// The number is the instant at which the bucket is full again (the "theoretical arrival time"): taking a
/// permit moves it one interval on, and it may be at most the whole capacity ahead of the present. A present
/// that lies in the past only makes it stricter, and never yields a permit twice.
///
/// Exact: it counts in ticks, fractions of a nanosecond of which the interval is a whole number. 3 permits
/// per second is a tick of ⅓ ns and an interval of 10⁹ of them; nothing is ever rounded. Since 64 bits of
/// such ticks may be no more than some seconds, they are counted from an origin, which is moved along as time
/// passes:
///
///     guard let ticks = rate.ticks(at: now, since: origin) else { move the origin, and every state with it }
///     guard let next = rate.taking(permits, from: state, at: ticks) else { … }
@usableFromInline
package struct GenericCellRate: Sendable, Hashable {
  /// The state of a bucket that was never touched. One that is not ahead of the present is no different.
  @inlinable package static var full: Int64 { 0 }

  /// 0: time stands still, for a rate of 0 and for one without a limit.
  @usableFromInline package let ticksPerNanosecond: Int64
  /// The ticks in which one permit comes back.
  @usableFromInline package let interval: Int64
  /// How far ahead of the present a state may be for one more permit: the capacity less one interval.
  @usableFromInline package let tolerance: Int64
  @usableFromInline package let burst: Int

  @inlinable
  package init(ticksPerNanosecond: Int64, interval: Int64, tolerance: Int64, burst: Int) {
    self.ticksPerNanosecond = ticksPerNanosecond
    self.interval = interval
    self.tolerance = tolerance
    self.burst = burst
  }

  /// Whether permits cost nothing.
  @inlinable package var isUnlimited: Bool { interval == 0 }

  /// Whether time brings permits back: not for a rate of 0, and none are missing without a limit.
  @inlinable package var isTimed: Bool { ticksPerNanosecond > 0 }

  /// The ticks in which an empty bucket fills, at most 2⁶⁰.
  @inlinable package var capacity: Int64 { tolerance &+ interval }

  /// The state after taking `permits`, 1 or more; `nil` when there are not as many.
  @inlinable
  @inline(__always)
  package func taking(_ permits: Int, from state: Int64, at ticks: Int64) -> Int64? {
    let (more, overflow) = (Int64(permits) &- 1).multipliedReportingOverflow(by: interval)
    let debt = state &- ticks
    guard !overflow, debt <= tolerance &- more, permits == 1 || more <= tolerance else { return nil }
    return (debt > 0 ? state : ticks) &+ interval &+ more
  }

  /// The state after giving `permits` back, of as many as are missing: the bucket is full at most.
  package func refunding(_ permits: Int, to state: Int64, at ticks: Int64) -> Int64 {
    guard permits > 0, state > ticks else { return state }
    return Int64(max(Int128(ticks), Int128(state) - Int128(permits) * Int128(interval)))
  }

  /// Permits that can be taken.
  package func available(_ state: Int64, at ticks: Int64) -> Int {
    if isUnlimited { return burst }
    return Int(max(0, capacity - max(0, state &- ticks)) / interval)
  }

  /// Nanoseconds until `permits` can be taken if nobody takes any before; `nil` for never.
  ///
  /// Of more permits than the burst: until they can be taken one by one.
  @usableFromInline
  package func wait(_ permits: Int, from state: Int64, at ticks: Int64) -> Int64? {
    let missing = Int128(max(0, state &- ticks)) + Int128(permits) * Int128(interval) - Int128(capacity)
    guard missing > 0 else { return 0 }
    guard isTimed else { return nil }
    return Int64(clamping: (missing - 1) / Int128(ticksPerNanosecond) + 1)
  }
}

// MARK: - Ticks

extension GenericCellRate {
  /// The most nanoseconds after the origin that can be counted: 73 years for an interval of whole
  /// nanoseconds, 2.3 seconds in the worst case.
  @inlinable package var window: Int64 { isTimed ? 1 << 61 / ticksPerNanosecond : .max }

  /// The ticks from the origin to `now`: 0 when it lies before it, `nil` when it lies after the window: then
  /// move the origin to ``origin(for:)`` and every state by ``moved(_:from:to:)``.
  @inlinable
  package func ticks(at now: Instant, since origin: Instant) -> Int64? {
    if now < origin { return 0 }
    let age = UInt64(bitPattern: now.nanoseconds &- origin.nanoseconds)
    return age <= UInt64(window) ? Int64(bitPattern: age) &* ticksPerNanosecond : nil
  }

  /// The origin to count from at `now`. It lies in the past, so that somewhat older instants are told apart
  /// as well.
  package func origin(for now: Instant) -> Instant { now.advanced(byNanoseconds: -(window / 4)) }

  /// The same state, counted from a later origin.
  package func moved(_ state: Int64, from origin: Instant, to later: Instant) -> Int64 {
    let passed = Int128(later.nanoseconds) - Int128(origin.nanoseconds)
    return Int64(clamping: max(0, Int128(state) - passed * Int128(ticksPerNanosecond)))
  }
}

// MARK: - The limit in ticks

extension GenericCellRate {
  package init(_ limit: RateLimit) {
    if limit.isUnlimited {
      self.init(ticksPerNanosecond: 0, interval: 0, tolerance: Self.mostTicks, burst: limit.burst)
      return
    }
    if limit.permits == 0 {
      self.init(ticksPerNanosecond: 0, interval: 1, tolerance: Int64(limit.burst) - 1, burst: limit.burst)
      return
    }
    let period = limit.period.clampedNanoseconds
    let divisor = Self.greatestCommonDivisor(Int64(limit.permits), period)
    var ticks = Int64(limit.permits) / divisor
    var interval = period / divisor
    let most = Self.mostTicks / Int64(limit.burst)
    if interval > most {
      // Too fine for 64 bits. Fewer ticks, and the interval rounded up to a whole one: by less than burst /
      // 2⁵⁹ of it.
      let fewer = max(1, Int128(most - 1) * Int128(ticks) / Int128(interval))
      interval = Int64(clamping: (Int128(interval) * fewer - 1) / Int128(ticks) + 1)
      ticks = Int64(clamping: fewer)
    }
    self.init(
      ticksPerNanosecond: ticks, interval: interval, tolerance: Int64(limit.burst - 1) * interval,
      burst: limit.burst)
  }

  private static var mostTicks: Int64 { 1 << 60 }

  private static func greatestCommonDivisor(_ a: Int64, _ b: Int64) -> Int64 {
    b == 0 ? a : greatestCommonDivisor(b, a % b)
  }
}
