internal import ResilienceCore

/// Numbers from both ends of their range, from around zero and from in between, for tests of what comes from
/// outside.
package struct Extremes: Sendable {
  private let random: SeededRandomSource

  package init(seed: UInt64) {
    random = SeededRandomSource(seed: seed)
  }

  package func int64() -> Int64 {
    let origin = [Int64.min, .min / 2, -1, 0, 1, 1_000_000_000, .max / 2, .max][random.next(below: 8)]
    let step = Int64(random.next(below: 5)) - 2
    return random.next(below: 8) == 0
      ? Int64(truncatingIfNeeded: random.next()) : origin.addingSaturating(step)
  }

  package func int() -> Int { Int(int64()) }

  package func instant() -> Instant { Instant(nanoseconds: int64()) }

  /// Also durations that no number of nanoseconds can say.
  package func duration() -> Duration {
    switch random.next(below: 6) {
    case 0: Duration(attoseconds: .min)
    case 1: Duration(attoseconds: .max)
    case 2: Duration(attoseconds: Int128(int64()))
    default: .nanoseconds(int64())
    }
  }

  /// More than zero.
  package func positiveDuration() -> Duration {
    let duration = duration()
    return duration > .zero ? duration : Duration(attoseconds: 1)
  }

  /// One of `0 ..< options`.
  package func choice(of options: Int) -> Int { random.next(below: options) }
}
