internal import ResilienceCore

/// Makes it harder to come back for an instance that has failed often of late: each further fall within the
/// window doubles the successes in a row that it takes, up to eightfold. So falls get rare however the checks
/// alternate.
struct FlapDamper {
  private static let maxFalls = 4

  let windowNanoseconds: Int64
  private var falls: [Instant] = []

  init(window: Duration) {
    windowNanoseconds = window.clampedNanoseconds
  }

  mutating func noteFall(at now: Instant) {
    if falls.count == Self.maxFalls { falls.removeFirst() }
    falls.append(now)
  }

  /// By how much the successes in a row are multiplied: 1, 2, 4 or 8.
  mutating func riseFactor(at now: Instant) -> Int {
    falls.removeAll { $0.nanoseconds(to: now) >= windowNanoseconds }
    return 1 << max(0, falls.count - 1)
  }
}
