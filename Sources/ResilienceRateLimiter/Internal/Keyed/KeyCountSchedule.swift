public import ResilienceCore

/// When all of a limiter's keys may be counted again, and whether somebody does: one at a time, for a count
/// takes milliseconds. Only new keys ask, and only when all places are taken.
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

  @usableFromInline enum NextCount: Sendable {
    case atOnce
    case at(Instant)
    /// No bucket will ever be full.
    case never
  }

  @usableFromInline var nextCount = NextCount.atOnce
  @usableFromInline var isCounting = false
  /// Of the limits there were.
  @usableFromInline var number = 0

  @usableFromInline
  init() {}

  @usableFromInline
  mutating func begin(at now: Instant) -> Opening {
    switch nextCount {
    case .never: return .notBefore(nil)
    case .at(let instant) where now < instant: return .notBefore(instant)
    case .at, .atOnce: break
    }
    guard !isCounting else { return .counting }
    isCounting = true
    return .count(number: number)
  }

  /// Ends a count; what it found out is void if there has been another limit since.
  @usableFromInline
  mutating func end(_ number: Int, nextCount: NextCount) {
    isCounting = false
    if number == self.number { self.nextCount = nextCount }
  }

  /// Another limit is in force.
  mutating func restart() {
    number &+= 1
    nextCount = .atOnce
  }
}
