public import ResilienceCore

/// When all of a limiter's keys may be counted again, and whether somebody does: one at a time, for a count
/// takes milliseconds. Only new keys ask, and only when all places are taken.
@frozen
@usableFromInline
struct KeyCountSchedule: Sendable {
  @usableFromInline enum Finding {
    case some
    case none(retryAt: Instant?)
  }

  @usableFromInline enum Opening {
    /// Count all keys, and ``end(_:nextCount:)``.
    case count(number: Int)
    /// Somebody counts them.
    case counting
    case notBefore(Instant?)
  }

  /// `nil` for never again: no bucket will ever be full.
  @usableFromInline var nextCount: Instant? = Instant(nanoseconds: .min)
  @usableFromInline var isCounting = false
  /// Of the limits there were.
  @usableFromInline var number = 0

  @usableFromInline
  init() {}

  @usableFromInline
  mutating func begin(at now: Instant) -> Opening {
    guard let nextCount, nextCount <= now else { return .notBefore(nextCount) }
    guard !isCounting else { return .counting }
    isCounting = true
    return .count(number: number)
  }

  /// Ends a count; what it found out is void if there has been another limit since.
  @usableFromInline
  mutating func end(_ number: Int, nextCount: Instant?) {
    isCounting = false
    if number == self.number { self.nextCount = nextCount }
  }

  /// Another limit is in force.
  mutating func restart() {
    number &+= 1
    nextCount = Instant(nanoseconds: .min)
  }
}
