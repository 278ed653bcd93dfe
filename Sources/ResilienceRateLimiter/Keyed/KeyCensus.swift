public import ResilienceCore

/// What is known of all of a limiter's keys together, and when they may be counted again.
@frozen
@usableFromInline
struct KeyCensus: Sendable {
  @usableFromInline enum Finding {
    case some
    case none(retryAt: Instant?)
  }

  @usableFromInline var limit: RateLimit
  /// `nil` for never again: no bucket will ever be full.
  @usableFromInline var nextCount: Instant? = Instant(nanoseconds: .min)

  init(limit: RateLimit) { self.limit = limit }

  /// Nanoseconds in which an empty bucket fills.
  @usableFromInline
  var fillNanoseconds: Int64 {
    let rate = GenericCellRate(limit)
    return rate.ticksPerNanosecond > 0 ? rate.capacity / rate.ticksPerNanosecond : 0
  }
}
