internal import ResilienceCore

/// A stretch of time, from its first nanosecond to before its end; all of time when made from nothing.
struct TimeWindow: Sendable, Hashable {
  let from: Int64
  let until: Int64

  init(_ range: Range<Duration>?) {
    from = range?.lowerBound.clampedNanoseconds ?? .min
    until = range?.upperBound.clampedNanoseconds ?? .max
  }

  func contains(_ nanoseconds: Int64) -> Bool {
    from <= nanoseconds && nanoseconds < until
  }
}
