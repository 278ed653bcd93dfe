public import ResilienceCore

/// The generic cell rate algorithm: a token bucket in one number.
///
/// The number is the instant at which the bucket is full again (the "theoretical arrival time"): taking a permit moves
/// it one interval on, and it may be at most the whole capacity ahead of `now`. A `now` that lies in the past only makes it
/// stricter, and never yields a permit twice.
@frozen
@usableFromInline
package struct GenericCellRate: Sendable, Hashable {
  /// A bucket that was never touched.
  @inlinable package static var full: Int64 { .min }

  @usableFromInline let interval: Int64
  @usableFromInline let capacity: Int64
  @usableFromInline let burst: Int
  @usableFromInline let refills: Bool

  package init(_ limit: RateLimit) {
    interval = limit.intervalNanoseconds
    capacity = Int64(limit.burst) * interval
    burst = limit.burst
    refills = limit.permits > 0
  }

  /// The instant as the bucket knows it; without refills its time stands still.
  @inlinable
  func time(_ now: Instant) -> Int64 { refills ? now.nanoseconds : 0 }

  /// The state after taking `permits`, 1 or more; `nil` when there are not as many.
  @inlinable
  package func taking(_ permits: Int, from state: Int64, at now: Instant) -> Int64? {
    guard permits <= burst else { return nil }
    let time = time(now)
    let next = max(state, time).addingSaturating(Int64(permits) &* interval)
    return next <= time.addingSaturating(capacity) ? next : nil
  }

  /// When `permits` can be taken if nobody takes any before; `nil` for never.
  @usableFromInline
  package func earliest(_ permits: Int, from state: Int64, at now: Instant) -> Instant? {
    guard refills else { return nil }
    let cost = Int64(permits).multiplyingSaturating(interval)
    let next = max(state, now.nanoseconds).addingSaturating(cost)
    return Instant(nanoseconds: max(now.nanoseconds, next.subtractingSaturating(capacity)))
  }

  /// Permits that can be taken at `now`.
  package func available(_ state: Int64, at now: Instant) -> Int {
    let missing = max(0, state.subtractingSaturating(time(now)))
    return Int(max(0, capacity - missing) / interval)
  }

  /// Whether a bucket in `state` is the same as one that was never touched.
  @inlinable
  package func isFull(_ state: Int64, at now: Instant) -> Bool { state <= time(now) }
}
