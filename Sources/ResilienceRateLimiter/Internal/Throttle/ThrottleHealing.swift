internal import ResilienceCore

/// Whether a destination is well again, by the calls in a row that it accepts.
struct ThrottleHealing: Sendable {
  /// So many are more than chance; `nil` when no number is.
  private let sufficient: Int?
  /// And nothing must have been refused for so long: who has a quota by the second accepts many in a row in
  /// each.
  private let quietNanoseconds: Int64

  private var acceptedInARow = 0
  private var wasRefused = true
  private var quietSince = Instant.distantPast

  init(_ policy: AdaptiveThrottlePolicy) {
    sufficient = Self.sufficientRun(policy.multiplier)
    quietNanoseconds = min(1_000_000_000, policy.window.clampedNanoseconds / 8)
  }

  /// The length of a run that somebody who accepts one of `multiplier` calls, by chance, shows once in a
  /// thousand times.
  static func sufficientRun(_ multiplier: Double) -> Int? {
    guard multiplier > 1.001 else { return nil }
    var (run, rarity) = (0, 1.0)
    while rarity < 1000 { (run, rarity) = (run + 1, rarity * multiplier) }
    return run
  }

  mutating func noteAcceptance() { acceptedInARow += 1 }

  mutating func noteRefusal() {
    acceptedInARow = 0
    wasRefused = true
  }

  /// How far it is on the way from 0, ill, to 1, well.
  mutating func share(at now: Instant) -> Double {
    if wasRefused {
      wasRefused = false
      quietSince = now
    }
    guard let sufficient, quietSince.nanoseconds(to: now) >= quietNanoseconds else { return 0 }
    return min(1, Double(acceptedInARow) / Double(sufficient))
  }
}
