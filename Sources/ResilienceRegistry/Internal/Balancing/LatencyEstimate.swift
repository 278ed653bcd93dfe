internal import ResilienceCore

/// What an instance's answers take: Finagle's peak-sensitive moving average, seeded by the first sample.
struct LatencyEstimate: BitwiseCopyable {
  /// Nanoseconds; 0 before the first sample.
  private var cost = 0.0
  private var stamp = Int64.min

  var isMeasured: Bool { cost > 0 }

  /// Nanoseconds that an answer takes, less the longer ago that was learnt.
  func cost(at now: Int64, decayNanoseconds: Double) -> Double {
    cost * remainder(at: now, decayNanoseconds)
  }

  /// Notes how long an answer took.
  mutating func observe(nanoseconds sample: Int64, at now: Int64, decayNanoseconds: Double) {
    let sample = Double(max(1, sample))
    if sample > cost {
      cost = sample
    } else {
      let weight = remainder(at: now, decayNanoseconds)
      cost = cost * weight + sample * (1 - weight)
    }
    stamp = max(stamp, now)
  }

  /// Notes a failure, which is worse than any answer: at least twice what is typical, and twice as bad as the
  /// last.
  mutating func punish(nanoseconds sample: Int64, typical: Double, at now: Int64, decayNanoseconds: Double) {
    let present = cost(at: now, decayNanoseconds: decayNanoseconds)
    cost = min(max(Double(max(1, sample)), 2 * typical, 2 * present), Self.worst)
    stamp = max(stamp, now)
  }

  /// A minute: fades to that of a millisecond in eleven times the decay.
  private static let worst = 60e9

  // Threads may arrive in another order than they read the clock.
  private func remainder(at now: Int64, _ decayNanoseconds: Double) -> Double {
    now > stamp ? exponentialDecay(Double(now.subtractingSaturating(stamp)) / decayNanoseconds) : 1
  }
}

/// e⁻ˣ for x ≥ 0, to five digits. Spelled out rather than the C library's: the same on every platform.
func exponentialDecay(_ x: Double) -> Double {
  guard x < 700 else { return 0 }
  let exponent = x * 1.442_695_040_888_963_4
  let whole = exponent.rounded(.down)
  // 2⁻ᶠ for 0 ≤ f < 1, by its series in f · ln 2.
  let y = (exponent - whole) * 0.693_147_180_559_945_3
  let fraction = 1 - y * (1 - y / 2 * (1 - y / 3 * (1 - y / 4 * (1 - y / 5 * (1 - y / 6)))))
  return fraction * Double(bitPattern: UInt64(1023 - Int(whole)) &<< 52)
}
