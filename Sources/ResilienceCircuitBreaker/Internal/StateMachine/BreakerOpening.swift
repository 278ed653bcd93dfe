internal import ResilienceCore

/// What the end of an opening follows from, so that it can follow anew from other rules.
struct BreakerOpening: Sendable {
  let openedAt: Instant
  /// From when the open time counts.
  let origin: Instant
  /// What the destination asked for.
  let notBefore: Instant?
  let reopenings: Int
  let draw: UInt64

  /// - Returns: When it ends, and how long it is meant to be, jitter included.
  func end(by rules: CircuitBreakerRules) -> (until: Instant, openTime: Int64) {
    let time = rules.openNanoseconds(reopenings: reopenings, draw: draw)
    let latest = openedAt.advanced(byNanoseconds: rules.maxRetryAfterNanoseconds)
    let asked = notBefore.map { min($0, latest).advanced(byNanoseconds: time.jitter) } ?? openedAt
    let until = max(openedAt, asked, origin.advanced(byNanoseconds: time.whole - time.jitter))
    return (until, time.whole)
  }
}
