/// How long to wait before the next try: a pure function of a seed and the number of the retry.
///
/// Shared by retries, by a breaker's open time and by redeliveries. Being pure, what an observer is told is what is
/// slept. Integer nanoseconds throughout; everything saturates, nothing overflows.
///
/// ```swift
/// let backoff = Backoff.exponential(base: .milliseconds(50), cap: .seconds(20))
/// backoff.delay(retry: 1, seed: context.callID)   // somewhere in 0 ... 50 ms
/// backoff.delay(retry: 2, seed: context.callID)   // somewhere in 0 ... 100 ms
/// ```
public struct Backoff: Sendable, Hashable {
  /// How the delay is spread, so that callers that failed together do not come back together.
  public enum Jitter: Sendable, Hashable {
    /// Exactly the computed delay.
    case none
    /// Uniform between zero and the computed delay: the spread that de-synchronises best.
    case full
  }

  /// The delay before the first retry, in nanoseconds, 0 or more.
  public let baseNanoseconds: Int64

  /// The longest delay, in nanoseconds, jitter included.
  public let capNanoseconds: Int64

  /// What each delay is multiplied by to get the next; 1 for a constant delay.
  public let multiplier: Double

  /// How the delay is spread. Applied after the cap, so that it still spreads there.
  public let jitter: Jitter

  private init(base: Duration, cap: Duration, multiplier: Double, jitter: Jitter) {
    precondition(base >= .zero, "a backoff's base must not be negative, was \(base)")
    precondition(cap >= .zero, "a backoff's cap must not be negative, was \(cap)")
    precondition(
      multiplier >= 1 && multiplier.isFinite, "a backoff's multiplier must be 1 or more, was \(multiplier)")
    baseNanoseconds = base.clampedNanoseconds
    capNanoseconds = cap.clampedNanoseconds
    self.multiplier = multiplier
    self.jitter = jitter
  }

  /// No wait at all.
  public static let none = Backoff.constant(.zero, jitter: .none)

  /// The same delay each time.
  ///
  /// - Parameters:
  ///   - delay: 0 or more.
  ///   - jitter: Default: full.
  public static func constant(_ delay: Duration, jitter: Jitter = .full) -> Backoff {
    Backoff(base: delay, cap: delay, multiplier: 1, jitter: jitter)
  }

  /// A delay that grows by a factor each time: `min(cap, base · multiplierⁿ)`.
  ///
  /// - Parameters:
  ///   - base: The delay before the first retry, 0 or more. Default: 50 ms, the AWS SDKs' since 2026.
  ///   - cap: The longest delay. Default: 20 s, as the AWS SDKs.
  ///   - multiplier: 1 or more; fractions count. Default: 2.
  ///   - jitter: Default: full, which de-synchronises best ("Exponential Backoff And Jitter", AWS, 2015).
  public static func exponential(
    base: Duration = .milliseconds(50), cap: Duration = .seconds(20), multiplier: Double = 2,
    jitter: Jitter = .full
  ) -> Backoff {
    Backoff(base: base, cap: cap, multiplier: multiplier, jitter: jitter)
  }

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
  @usableFromInline
  package func delayNanoseconds(retry: Int, seed: UInt64) -> Int64 {
    let ceiling = ceilingNanoseconds(retry: retry)
    switch jitter {
    case .none:
      return ceiling
    case .full:
      let draw = SplitMix64.mix(seed &+ UInt64(truncatingIfNeeded: retry) &* SplitMix64.gamma)
      // Uniform in 0 ... ceiling, both included, without a floating-point rounding.
      return Int64(draw.multipliedFullWidth(by: UInt64(ceiling) + 1).high)
    }
  }

  /// The delay before jitter.
  private func ceilingNanoseconds(retry: Int) -> Int64 {
    let capped = min(baseNanoseconds, capNanoseconds)
    guard multiplier > 1, capped > 0, retry > 1 else { return capped }
    // The exponent is bounded before the power is taken: 2^63 nanoseconds is already past any cap.
    let factor = power(of: multiplier, retry - 1)
    let grown = Double(capped) * factor
    return grown >= Double(capNanoseconds) ? capNanoseconds : Int64(grown)
  }

  /// By repeated squaring, to infinity rather than to a trap.
  private func power(of base: Double, _ exponent: Int) -> Double {
    var (result, square, remaining) = (1.0, base, exponent)
    while remaining > 0, result.isFinite {
      if remaining & 1 == 1 { result *= square }
      square *= square
      remaining >>= 1
    }
    return result
  }
}
