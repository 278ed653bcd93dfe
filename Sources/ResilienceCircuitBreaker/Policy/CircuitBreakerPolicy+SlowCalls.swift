extension CircuitBreakerPolicy {
  /// What a slow call is, and how much of it is too much.
  ///
  /// A call is slow when it takes as long as the threshold, whether it succeeds or fails. One that is **still
  /// running** counts as well, as soon as it is certain: a destination that hangs gives no results, and a
  /// breaker that waits for them learns of it when the callers' timeouts tell, one by one. While it runs a
  /// call counts from the threshold on, or at the latest an eighth of it later (calls are kept by eighths, so
  /// that memory is bounded); its end is exact. The rate is
  ///
  ///     (slow results in the window + calls running past the threshold)
  ///     / (results in the window + calls running past the threshold)
  ///
  /// There is no timer: it is looked at with the next call, result or reading. The instant at which the
  /// breaker opens is the one at which it was certain, whenever that is noticed.
  ///
  /// A call whose caller cancels it counts in neither once it has ended, but as long as it ran past the
  /// threshold it was slow.
  public struct SlowCalls: Sendable, Hashable {
    /// How long a call takes to be slow.
    public let threshold: Duration

    /// The share of slow calls at which the breaker opens.
    public let rate: Double

    /// Creates a criterion.
    ///
    /// - Parameters:
    ///   - threshold: More than zero. Longer than what is usual, shorter than the attempts' timeout.
    ///   - rate: Above 0, at most 1. Default: 1, as resilience4j: some calls are slow everywhere.
    public init(threshold: Duration, rate: Double = 1) {
      self.threshold = threshold
      self.rate = rate
    }
  }
}
