public import ResilienceCore

/// When all of a limiter's keys may be counted again. Only new keys wait for a count, and only when all places are taken.
@frozen
@usableFromInline
struct KeyCensus: Sendable {
  @usableFromInline enum Finding {
    case some
    case none(retryAt: Instant?)
  }

  /// `nil` for never again: no bucket will ever be full.
  @usableFromInline var nextCount: Instant? = Instant(nanoseconds: .min)

  init() {}
}
