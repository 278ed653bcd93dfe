public import ResilienceCore

extension AnswersFailures {
  /// Warns: a retry around a fallback sees no failure that the fallback answers.
  @available(
    *, deprecated,
    message: """
      a retry around a fallback sees no failure that the fallback answers; apply .retry first and .fallback after it
      """
  )
  public func retry(
    _ policy: RetryPolicy = RetryPolicy(), budget: RetryBudget? = RetryBudget(),
    onEvent: (@Sendable (_ event: RetryEvent) -> Void)? = nil,
    deciding choice: (@Sendable (_ failure: RetryFailure<Input>) -> RetryChoice)? = nil
  ) -> RetryHandler<Self> {
    RetryHandler(self, policy, budget: budget, onEvent: onEvent, choice: choice)
  }

  /// Warns: a retry around a fallback sees no failure that the fallback answers.
  @available(
    *, deprecated,
    message: """
      a retry around a fallback sees no failure that the fallback answers; apply .retry first and .fallback after it
      """
  )
  public func retry(
    maxAttempts: Int, backoff: Backoff = .exponential(), budget: RetryBudget? = RetryBudget(),
    onEvent: (@Sendable (_ event: RetryEvent) -> Void)? = nil
  ) -> RetryHandler<Self> {
    RetryHandler(
      self, RetryPolicy(maxAttempts: maxAttempts, backoff: backoff), budget: budget, onEvent: onEvent,
      choice: nil)
  }

  /// Warns: a retry around a fallback sees no failure that the fallback answers.
  @available(
    *, deprecated,
    message: """
      a retry around a fallback sees no failure that the fallback answers; apply .retry first and .fallback after it
      """
  )
  public func retry(
    live policy: LivePolicy<RetryPolicy>, budget: RetryBudget? = RetryBudget(),
    onEvent: (@Sendable (_ event: RetryEvent) -> Void)? = nil,
    deciding choice: (@Sendable (_ failure: RetryFailure<Input>) -> RetryChoice)? = nil
  ) -> RetryHandler<Self> {
    RetryHandler(self, policy.current, live: policy, budget: budget, onEvent: onEvent, choice: choice)
  }
}
