public import ResilienceCore

/// The right to make one call through a breaker: give it back with ``finish(_:at:)``.
///
/// It can be finished once. One that is dropped without it (the task was cancelled, something threw) goes back by itself and
/// counts in neither: a probe's place is free again, and the breaker stays half-open.
public struct CircuitBreakerPermit: ~Copyable, Sendable {
  private let breaker: CircuitBreaker
  private let token: CircuitBreakerToken
  // `discard self` is for trivial storage only, so `deinit` always runs.
  private var isArmed = true

  init(breaker: CircuitBreaker, token: CircuitBreakerToken) {
    self.breaker = breaker
    self.token = token
  }

  /// Whether the call is a probe of a half-open breaker.
  public var isProbe: Bool { token.probe != 0 }

  /// Gives the permit back with what became of the call.
  ///
  /// - Parameters:
  ///   - verdict: A success or a failure is counted, if the breaker is still in the state that admitted the call;
  ///     neutral counts in neither.
  ///   - now: The present instant, after the call.
  public consuming func finish(_ verdict: Verdict, at now: Instant) {
    isArmed = false
    breaker.record(token, verdict, at: now)
  }

  deinit {
    if isArmed { breaker.abandon(token) }
  }
}
