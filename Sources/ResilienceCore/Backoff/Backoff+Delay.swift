extension Backoff {
  /// The delay before a retry.
  ///
  /// - Parameters:
  ///   - retry: 1 for the first retry, which is the second attempt; less counts as 1.
  ///   - seed: What tells this call from others; the same seed and retry give the same delay.
  /// - Returns: 0 or more, at most the cap.
  public func delay(retry: Int, seed: UInt64) -> Duration {
    .nanoseconds(delayNanoseconds(retry: retry, seed: seed))
  }

  /// ``delay(retry:seed:)`` in nanoseconds.
  ///
  /// - Parameter notBefore: The least delay: jitter comes on top of it, so that it may exceed the cap. The
  ///   jitter is of an eighth of it at least: else thousands who are told the same 20 s were all back within
  ///   the 50 ms of a first retry.
  @usableFromInline
  package func delayNanoseconds(retry: Int, seed: UInt64, notBefore: Int64 = 0) -> Int64 {
    guard capNanoseconds > 0 || notBefore > 0 else { return 0 }
    let retry = max(1, retry)
    let (fixed, random): (Int64, Int64)
    if case .decorrelated = growth {
      (fixed, random) = decorrelated(retry, seed)
    } else {
      (fixed, random) = jittered(ceilingNanoseconds(retry), draw(retry, seed))
    }
    if notBefore > 0, jitter != .none {
      let spread = draw(retry, ~seed).uniform(upTo: notBefore / 8)
      return max(fixed, notBefore).addingSaturating(max(random, spread))
    }
    return max(fixed, notBefore).addingSaturating(random)
  }

  private func draw(_ retry: Int, _ seed: UInt64) -> UInt64 {
    SplitMix64.mix(seed &+ UInt64(truncatingIfNeeded: retry) &* SplitMix64.gamma)
  }

  private func jittered(_ ceiling: Int64, _ draw: UInt64) -> (fixed: Int64, random: Int64) {
    let spread =
      switch jitter {
      case .none: 0 as Int64
      case .full: ceiling
      case .equal: ceiling / 2
      case .proportional(let share): share >= 1 ? ceiling : Int64(Double(ceiling) * share)
      }
    return (ceiling - spread, draw.uniform(upTo: spread))
  }

  // MARK: - Growth

  /// The delay before jitter.
  private func ceilingNanoseconds(_ retry: Int) -> Int64 {
    switch growth {
    case .constant, .decorrelated:
      return min(baseNanoseconds, capNanoseconds)
    case .linear(let increment):
      let growth = increment.multiplyingSaturating(Int64(clamping: retry - 1))
      return min(capNanoseconds, baseNanoseconds.addingSaturating(growth))
    case .exponential(let multiplier):
      let capped = min(baseNanoseconds, capNanoseconds)
      guard multiplier > 1, capped > 0, retry > 1 else { return capped }
      let grown = Double(capped) * power(multiplier, retry - 1)
      return grown >= Double(capNanoseconds) ? capNanoseconds : Int64(grown)
    case .custom(let nanoseconds):
      return nanoseconds[min(retry, nanoseconds.count) - 1]
    }
  }

  private func decorrelated(_ retry: Int, _ seed: UInt64) -> (fixed: Int64, random: Int64) {
    guard baseNanoseconds > 0 else { return (0, 0) }
    let present = draw(retry, seed)
    let previous = retry == 1 ? 0 : smoothGrowth(retry - 1, draw(retry - 1, seed))
    let delay = (smoothGrowth(retry, present) - previous) * Double(baseNanoseconds) / 1.4
    // Infinity minus infinity is not below the cap either.
    guard delay < Double(capNanoseconds) else {
      let spread = capNanoseconds / 2
      return (capNanoseconds - spread, SplitMix64.mix(present).uniform(upTo: spread))
    }
    // Rounding may make two of nearly the same height change places.
    return (0, Int64(max(0, delay)))
  }

  /// 2ᵗ · tanh(√4t) for t = retry − 1 + u.
  private func smoothGrowth(_ retry: Int, _ draw: UInt64) -> Double {
    let time = Double(retry - 1) + draw.unitInterval
    return powerOfTwo(time) * hyperbolicTangent((4 * time).squareRoot())
  }
}

extension UInt64 {
  /// Uniform in 0 ... bound, both included, without a floating-point rounding.
  fileprivate func uniform(upTo bound: Int64) -> Int64 {
    Int64(multipliedFullWidth(by: UInt64(bound) + 1).high)
  }
}

// Spelled out rather than the C library's: the same seed gives the same delays on every platform.

/// By repeated squaring, to infinity rather than to a trap.
private func power(_ base: Double, _ exponent: Int) -> Double {
  var (result, square, remaining) = (1.0, base, exponent)
  while remaining > 0, result.isFinite {
    if remaining & 1 == 1 { result *= square }
    square *= square
    remaining >>= 1
  }
  return result
}

/// 2ˣ for x ≥ 0, to 15 digits.
private func powerOfTwo(_ exponent: Double) -> Double {
  let whole = exponent.rounded(.down)
  guard whole < 1024 else { return .infinity }
  let natural = (exponent - whole) * 0.693_147_180_559_945_3
  var (sum, term) = (1.0, 1.0)
  for index in 1...18 {
    term *= natural / Double(index)
    sum += term
  }
  return Double(sign: .plus, exponent: Int(whole), significand: sum)
}

/// tanh x for x ≥ 0.
private func hyperbolicTangent(_ x: Double) -> Double {
  let decay = 1 / powerOfTwo(2 * x * 1.442_695_040_888_963_4)
  return (1 - decay) / (1 + decay)
}
