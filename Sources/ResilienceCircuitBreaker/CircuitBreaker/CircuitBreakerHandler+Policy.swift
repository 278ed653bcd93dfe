public import ResilienceCore

extension Handler {
  /// Puts a breaker of its own, which has the call's name, in front of the destination.
  ///
  /// Make it once and keep it: what is made anew for each call knows nothing of the calls before. To share a
  /// breaker, to look at it or to open it by hand, make a ``ResilienceCircuitBreaker/CircuitBreaker``.
  ///
  /// - Parameter policy: When it opens, for how long, and what closes it. Default: at half of the latest 100.
  public func circuitBreaker(
    _ policy: CircuitBreakerPolicy = CircuitBreakerPolicy()
  ) -> CircuitBreakerHandler<Self> {
    circuitBreaker(CircuitBreaker(traits.name, policy: policy))
  }
}

extension RetriesInside {
  /// Puts a breaker of its own around a retry, which is a mistake.
  @available(
    *, deprecated,
    message: """
      a breaker around a retry sees one result where the destination saw several calls, and the retry goes on calling \
      a destination that is down; apply .circuitBreaker first and .retry (or .hedge) after it
      """
  )
  public func circuitBreaker(
    _ policy: CircuitBreakerPolicy = CircuitBreakerPolicy()
  ) -> CircuitBreakerHandler<Self> {
    CircuitBreakerHandler(base: self, breaker: CircuitBreaker(traits.name, policy: policy))
  }
}

extension AnswersFailures {
  /// Warns: a breaker of its own around a fallback sees no failure that the fallback answers.
  @available(
    *, deprecated,
    message: """
      a breaker around a fallback sees no failure that the fallback answers; apply .circuitBreaker first and \
      .fallback after it
      """
  )
  public func circuitBreaker(
    _ policy: CircuitBreakerPolicy = CircuitBreakerPolicy()
  ) -> CircuitBreakerHandler<Self> {
    CircuitBreakerHandler(base: self, breaker: CircuitBreaker(traits.name, policy: policy))
  }
}
