public import ResilienceCore

extension Handler {
  /// Tries again when an attempt fails, so many times in all. See
  /// ``ResilienceCore/Handler/retry(_:budget:onEvent:deciding:)``.
  ///
  /// - Parameters:
  ///   - maxAttempts: The first call included, 1 to 10 000, or `.max` for as many as it takes.
  ///   - backoff: How long to wait in between. Default: exponential from 50 ms to 20 s with full jitter.
  ///   - budget: The destination's budget. Default: one of its own, three saved up and 10 % of the calls;
  ///     `nil` in a script or a test, where all are to be repeated.
  ///   - onEvent: Is told of every decision, before the wait. Default: nobody.
  public func retry(
    maxAttempts: Int, backoff: Backoff = .exponential(), budget: RetryBudget? = RetryBudget(),
    onEvent: (@Sendable (_ event: RetryEvent) -> Void)? = nil
  ) -> RetryHandler<Self> {
    retry(RetryPolicy(maxAttempts: maxAttempts, backoff: backoff), budget: budget, onEvent: onEvent)
  }
}

extension HedgeHandler {
  /// Tries again, so many times in all, within the budget of the hedge.
  public func retry(
    maxAttempts: Int, backoff: Backoff = .exponential(),
    onEvent: (@Sendable (_ event: RetryEvent) -> Void)? = nil
  ) -> RetryHandler<Self> {
    retry(RetryPolicy(maxAttempts: maxAttempts, backoff: backoff), onEvent: onEvent)
  }
}

extension AbandoningHedgeHandler {
  /// Tries again, so many times in all, within the budget of the hedge.
  public func retry(
    maxAttempts: Int, backoff: Backoff = .exponential(),
    onEvent: (@Sendable (_ event: RetryEvent) -> Void)? = nil
  ) -> RetryHandler<Self> {
    retry(RetryPolicy(maxAttempts: maxAttempts, backoff: backoff), onEvent: onEvent)
  }
}
