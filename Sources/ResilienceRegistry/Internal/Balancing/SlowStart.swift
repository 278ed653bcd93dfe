internal import ResilienceCore

/// A ``SlowStartPolicy`` in nanoseconds.
struct SlowStart {
  let windowNanoseconds: Int64
  private let minimumShare: Double
  private let exponent: Double

  init(_ policy: SlowStartPolicy) {
    windowNanoseconds = max(1, policy.window.clampedNanoseconds)
    minimumShare = policy.minimumShare
    exponent = 1 / policy.aggression
  }

  func factor(ageNanoseconds age: Int64) -> Double {
    guard age < windowNanoseconds else { return 1 }
    let time = min(1, Double(max(age, 1_000_000_000)) / Double(windowNanoseconds))
    return max(minimumShare, exponent == 1 ? time : power(time, exponent))
  }

  /// xʸ for 0 < x ≤ 1 and y > 0, as e to the power of y ln x.
  private func power(_ x: Double, _ y: Double) -> Double {
    exponentialDecay(-y * naturalLogarithm(x))
  }

  /// ln x for x > 0: that of the significand by the series of its inverse hyperbolic tangent, and the
  /// exponent's.
  private func naturalLogarithm(_ x: Double) -> Double {
    let z = (x.significand - 1) / (x.significand + 1)
    var (sum, term) = (0.0, z)
    for index in 0..<12 {
      sum += term / Double(2 * index + 1)
      term *= z * z
    }
    return 2 * sum + Double(x.exponent) * 0.693_147_180_559_945_3
  }
}
