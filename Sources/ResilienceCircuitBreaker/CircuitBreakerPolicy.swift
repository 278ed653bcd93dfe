internal import ResilienceCore

/// When a breaker opens, for how long, and what closes it again.
///
/// ```swift
/// let policy = CircuitBreakerPolicy(failureRate: 0.25, openTime: .seconds(2))
/// ```
public struct CircuitBreakerPolicy: Sendable, Hashable {
  /// How many of the latest results the failure rate is taken over.
  public let windowSize: Int

  /// The share of failures, of successes and failures together, at which the breaker opens.
  public let failureRate: Double

  /// Below this many results the failure rate is undefined and the breaker stays closed.
  public let minimumThroughput: Int

  /// How long the breaker stays open before it lets probes through.
  public let openTime: Duration

  /// How many probes decide, and so how many may run at once, while half-open.
  public let halfOpenPermits: Int

  /// How long a probe may take before it counts as a failure.
  public let probeLease: Duration

  /// Creates a policy.
  ///
  /// - Parameters:
  ///   - windowSize: 1 to 65 536. Default: 100, as resilience4j.
  ///   - failureRate: Above 0, at most 1. Default: 0.5, as resilience4j. The same rate, over the permitted
  ///     probes, decides while half-open.
  ///   - minimumThroughput: 1 to `windowSize`. Default: 20: the first handful of errors of a quiet client says
  ///     little, but a hundred calls (resilience4j, Polly) is minutes of damage for most. A smaller window lowers it.
  ///   - openTime: More than zero. Default: 5 s, as Polly: long enough for a restart to be noticed, short enough
  ///     not to prolong an outage that is over.
  ///   - halfOpenPermits: 1 to 1024. Default: 1, as Polly, gobreaker, Finagle and Sentinel: a destination that is
  ///     down is not asked more than it takes to know.
  ///   - probeLease: More than zero. Default: 30 s, past which hardly any caller waits; without a lease a probe
  ///     that hangs keeps the breaker half-open for ever.
  public init(
    windowSize: Int = 100, failureRate: Double = 0.5, minimumThroughput: Int? = nil,
    openTime: Duration = .seconds(5), halfOpenPermits: Int = 1, probeLease: Duration = .seconds(30)
  ) {
    precondition(
      (1...65_536).contains(windowSize), "a breaker's windowSize must be in 1 ... 65536, was \(windowSize)")
    precondition(
      failureRate > 0 && failureRate <= 1,
      "a breaker's failureRate must be in 0 < rate <= 1, was \(failureRate)")
    let minimumThroughput = minimumThroughput ?? min(20, windowSize)
    precondition(
      (1...windowSize).contains(minimumThroughput),
      "a breaker's minimumThroughput must be in 1 ... \(windowSize) (its windowSize), was \(minimumThroughput)"
    )
    precondition(
      openTime.clampedNanoseconds > 0, "a breaker's openTime must be at least 1 ns, was \(openTime)")
    precondition(
      (1...1024).contains(halfOpenPermits),
      "a breaker's halfOpenPermits must be in 1 ... 1024, was \(halfOpenPermits)")
    precondition(
      probeLease.clampedNanoseconds > 0, "a breaker's probeLease must be at least 1 ns, was \(probeLease)")
    self.windowSize = windowSize
    self.failureRate = failureRate
    self.minimumThroughput = minimumThroughput
    self.openTime = openTime
    self.halfOpenPermits = halfOpenPermits
    self.probeLease = probeLease
  }
}
