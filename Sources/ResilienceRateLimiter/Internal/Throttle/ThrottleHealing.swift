internal import ResilienceCore

/// Whether a destination is well again, by the calls in a row that it accepts.
struct ThrottleHealing: Sendable {
  /// So many in a row were more than chance, going by what was accepted before.
  private var sufficient = Int.max
  private var acceptedInARow = 0
  private var wasRefused = true
  private var quietSince = Instant.distantPast
  private let quietNanoseconds: Int64

  init(_ policy: AdaptiveThrottlePolicy) {
    quietNanoseconds = min(1_000_000_000, policy.window.clampedNanoseconds / 8)
  }

  /// The length of a run that somebody who accepts this share of calls, by chance, shows once in a hundred
  /// times, at most 8192.
  static func sufficientRun(_ share: Double) -> Int {
    // Bits from the highest: a run that is not rare enough so far becomes longer.
    var powers = [share]
    while powers.count < 13 { powers.append(powers[powers.count - 1] * powers[powers.count - 1]) }
    var (run, rarity) = (0, 1.0)
    for (bit, power) in powers.enumerated().reversed() where rarity * power > 0.01 {
      run += 1 << bit
      rarity *= power
    }
    return run + 1
  }

  /// - Parameters:
  ///   - accepts: Calls of the window that were accepted, with this one.
  ///   - refusals: Those that were not.
  mutating func noteAcceptance(accepts: Int64, refusals: Int64) {
    if acceptedInARow == 0 {
      // Laplace's rule: of those that were never accepted one more may be.
      sufficient = Self.sufficientRun(Double(accepts) / Double(accepts + refusals + 1))
    }
    acceptedInARow += 1
  }

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
    // Who has a quota by the second accepts many in a row in each: there nothing must have been refused for
    // longer. Who accepted next to nothing has none.
    guard sufficient <= 1 || quietSince.nanoseconds(to: now) >= quietNanoseconds else { return 0 }
    return min(1, Double(acceptedInARow) / Double(sufficient))
  }
}
