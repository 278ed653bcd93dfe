/// How long to wait before the next try: a pure function of a seed and the number of the retry.
///
/// Shared by retries, by a breaker's open time and by redeliveries. Being pure, what an observer is told is
/// what is slept. Integer nanoseconds throughout; everything saturates, nothing overflows; each delay is
/// found in a bounded number of steps, however high the number of the retry.
///
/// ```swift
/// let backoff = Backoff.exponential(base: .milliseconds(50), cap: .seconds(20))
/// backoff.delay(retry: 1, seed: seed)          // somewhere in 0 ... 50 ms
/// backoff.delay(retry: 2, seed: seed)          // somewhere in 0 ... 100 ms
/// for delay in backoff.delays(seed: seed) { …} // the same, for ever
/// ```
public struct Backoff: Sendable, Hashable {
  /// How the delay is spread, so that callers that failed together do not come back together.
  ///
  /// Applied after the cap and downwards, so that no delay exceeds the cap and delays at the cap still
  /// differ.
  public enum Jitter: Sendable, Hashable {
    /// Exactly the computed delay.
    case none
    /// Uniform between zero and the computed delay: the spread that de-synchronises best.
    case full
    /// Uniform between half of the computed delay and all of it.
    case equal
    /// Uniform within this share below the computed delay, 0 to 1: `0.2` gives 80 to 100 % of it.
    case proportional(Double)
  }

  enum Growth: Sendable, Hashable {
    case constant
    case linear(incrementNanoseconds: Int64)
    case exponential(multiplier: Double)
    case decorrelated
    case custom(nanoseconds: [Int64])
  }

  let growth: Growth

  /// The delay before the first retry, in nanoseconds, before jitter.
  public let baseNanoseconds: Int64

  /// The longest delay, in nanoseconds, jitter included.
  public let capNanoseconds: Int64

  /// How the delay is spread.
  public let jitter: Jitter

  private init(_ growth: Growth, base: Duration, cap: Duration, jitter: Jitter) {
    precondition(base >= .zero, "a backoff's base must not be negative, was \(base)")
    precondition(cap >= base, "a backoff's cap must be its base \(base) or more, was \(cap)")
    if case .proportional(let share) = jitter {
      precondition(
        (0...1).contains(share), "a backoff's proportional jitter must be in 0 ... 1, was \(share)")
    }
    self.growth = growth
    baseNanoseconds = base.clampedNanoseconds
    capNanoseconds = cap.clampedNanoseconds
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
    Backoff(.constant, base: delay, cap: delay, jitter: jitter)
  }

  /// A delay that grows by the same amount each time: `min(cap, base + n · increment)`.
  ///
  /// - Parameters:
  ///   - base: The delay before the first retry, 0 or more.
  ///   - increment: What each delay has more than the one before it, 0 or more. Default: the base.
  ///   - cap: The longest delay, `base` or more. Default: 20 s, as
  ///     ``exponential(base:cap:multiplier:jitter:)``, or the base if that is longer.
  ///   - jitter: Default: full.
  public static func linear(
    base: Duration, increment: Duration? = nil, cap: Duration? = nil, jitter: Jitter = .full
  ) -> Backoff {
    let increment = increment ?? base
    precondition(increment >= .zero, "a backoff's increment must not be negative, was \(increment)")
    return Backoff(
      .linear(incrementNanoseconds: increment.clampedNanoseconds), base: base,
      cap: cap ?? Self.cap(for: base),
      jitter: jitter)
  }

  /// A delay that grows by a factor each time: `min(cap, base · multiplierⁿ)`.
  ///
  /// - Parameters:
  ///   - base: The delay before the first retry, 0 or more. Default: 50 ms, the AWS SDKs' since 2026.
  ///   - cap: The longest delay, `base` or more. Default: 20 s, as the AWS SDKs, or the base if that is
  ///     longer.
  ///   - multiplier: 1 or more; fractions count. Default: 2.
  ///   - jitter: Default: full, which de-synchronises best ("Exponential Backoff And Jitter", AWS, 2015).
  public static func exponential(
    base: Duration = .milliseconds(50), cap: Duration? = nil, multiplier: Double = 2,
    jitter: Jitter = .full
  ) -> Backoff {
    precondition(
      multiplier >= 1 && multiplier.isFinite, "a backoff's multiplier must be 1 or more, was \(multiplier)")
    return Backoff(
      .exponential(multiplier: multiplier), base: base, cap: cap ?? Self.cap(for: base), jitter: jitter)
  }

  /// A delay that doubles on average and is spread smoothly over all of its range: Polly's "decorrelated
  /// jitter V2".
  ///
  /// Short and long waits alternate, and the sum of the first waits grows evenly: no two retries of a crowd
  /// pile up. With `f(t) = 2ᵗ · tanh(√4t)`, delay n is `(f(n + uₙ) − f(n − 1 + uₙ₋₁)) · base / 1.4`. It
  /// brings its own jitter. Where that exceeds the cap, the delay is uniform between half of the cap and all
  /// of it.
  ///
  /// - Parameters:
  ///   - base: About the median of the first delay, 0 or more. Default: 50 ms.
  ///   - cap: The longest delay, `base` or more. Default: 20 s, or the base if that is longer.
  public static func decorrelated(base: Duration = .milliseconds(50), cap: Duration? = nil) -> Backoff {
    Backoff(.decorrelated, base: base, cap: cap ?? Self.cap(for: base), jitter: .full)
  }

  /// The cap that nobody stated.
  static func cap(for base: Duration) -> Duration { max(base, .seconds(20)) }

  /// Delays from a table: retry n waits entry n, those beyond the table wait its last entry.
  ///
  /// - Parameters:
  ///   - delays: At least one, each 0 or more.
  ///   - jitter: Default: full.
  public static func custom(_ delays: [Duration], jitter: Jitter = .full) -> Backoff {
    guard let first = delays.first, let longest = delays.max(), let shortest = delays.min() else {
      preconditionFailure("a custom backoff needs a delay, was \(delays)")
    }
    precondition(shortest >= .zero, "a custom backoff's delays must not be negative, were \(delays)")
    return Backoff(
      .custom(nanoseconds: delays.map(\.clampedNanoseconds)), base: first, cap: longest, jitter: jitter)
  }
}
