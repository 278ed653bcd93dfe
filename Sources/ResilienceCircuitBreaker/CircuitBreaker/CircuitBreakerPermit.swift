public import ResilienceCore

/// The right to make one call through a breaker: give it back with ``finish(_:pushback:at:)``.
///
/// It can be finished once. One that is dropped without it (the task was cancelled, something threw) goes
/// back by itself and counts in neither: a probe's place is free again, and the breaker stays half-open.
@frozen
public struct CircuitBreakerPermit: ~Copyable, Sendable {
  @usableFromInline let breaker: CircuitBreaker
  @usableFromInline let token: CircuitBreakerToken
  // `discard self` is for trivial storage only, so `deinit` always runs.
  @usableFromInline var isArmed = true

  @inlinable
  @inline(__always)
  init(breaker: CircuitBreaker, token: CircuitBreakerToken) {
    self.breaker = breaker
    self.token = token
  }

  /// Whether the call is a probe of a half-open breaker.
  public var isProbe: Bool { token.isProbe }

  /// Gives the permit back with what became of the call.
  ///
  /// - Parameters:
  ///   - verdict: A success or a failure is counted, if the breaker is still in the state that admitted the
  ///     call; neutral counts in neither.
  ///   - pushback: What the destination asked for along with a failure. `retryAfter` with `overloaded` is a
  ///     lower bound for the open time; without it the failure is one client's and counts in neither.
  ///     Default: nothing.
  ///   - now: The present instant, after the call.
  @inlinable
  @inline(__always)
  public consuming func finish(_ verdict: Verdict, pushback: Pushback = .none, at now: Instant) {
    isArmed = false
    if !breaker.countSuccess(token, verdict) { breaker.recordSlowly(token, verdict, pushback, at: now) }
  }

  /// Gives the permit back with the error that the call threw: ``CircuitOpen/lastFailure``, if the breaker
  /// opens by it.
  ///
  /// - Parameters:
  ///   - outcome: What the error amounts to, such as ``ResilienceCore/Outcome/init(ofError:in:)`` says.
  ///   - error: What was thrown.
  ///   - now: The present instant, after the call.
  public consuming func finish(_ outcome: Outcome, throwing error: any Error, at now: Instant) {
    isArmed = false
    breaker.recordThrown(token, outcome, error, at: now)
  }

  @inlinable
  @inline(__always)
  deinit {
    if isArmed { breaker.abandon(token) }
  }
}
