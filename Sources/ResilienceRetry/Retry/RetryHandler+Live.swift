public import ResilienceCore

extension Handler {
  /// Tries again when an attempt fails, by a policy that may be changed while calls run; see
  /// ``ResilienceCore/Handler/retry(_:budget:onEvent:deciding:)``.
  ///
  /// The policy is asked for after each attempt that has failed: an update holds for calls that are under
  /// way too, from their next decision on; a wait that has begun stays. The budget and its tokens stay, and
  /// so does what ``ResilienceRetry/RetryHandler/snapshot()`` counts. A call that succeeds at once costs what
  /// it does with a policy that does not change.
  ///
  /// - Parameters:
  ///   - policy: Attempts and waits.
  ///   - budget: The destination's budget. Default: one of its own, three saved up and 10 % of the calls;
  ///     `nil` in a script or a test, where all are to be repeated.
  ///   - onEvent: Is told of every decision, before the wait. Default: nobody.
  ///   - choice: Narrows what is retried, and says how long to wait. Default: as the policy has it.
  public func retry(
    live policy: LivePolicy<RetryPolicy>, budget: RetryBudget? = RetryBudget(),
    onEvent: (@Sendable (_ event: RetryEvent) -> Void)? = nil,
    deciding choice: (@Sendable (_ failure: RetryFailure<Input>) -> RetryChoice)? = nil
  ) -> RetryHandler<Self> {
    RetryHandler(self, policy.current, live: policy, budget: budget, onEvent: onEvent, choice: choice)
  }
}

extension HedgeHandler {
  /// Tries again by a policy that may be changed while calls run, within the budget of the hedge; see
  /// ``ResilienceCore/Handler/retry(live:budget:onEvent:deciding:)``.
  public func retry(
    live policy: LivePolicy<RetryPolicy>, onEvent: (@Sendable (_ event: RetryEvent) -> Void)? = nil,
    deciding choice: (@Sendable (_ failure: RetryFailure<Base.Input>) -> RetryChoice)? = nil
  ) -> RetryHandler<Self> {
    retry(live: policy, budget: hedger.budget ?? RetryBudget(), onEvent: onEvent, deciding: choice)
  }
}

extension AbandoningHedgeHandler {
  /// Tries again by a policy that may be changed while calls run, within the budget of the hedge; see
  /// ``ResilienceCore/Handler/retry(live:budget:onEvent:deciding:)``.
  public func retry(
    live policy: LivePolicy<RetryPolicy>, onEvent: (@Sendable (_ event: RetryEvent) -> Void)? = nil,
    deciding choice: (@Sendable (_ failure: RetryFailure<Base.Input>) -> RetryChoice)? = nil
  ) -> RetryHandler<Self> {
    retry(live: policy, budget: hedger.budget ?? RetryBudget(), onEvent: onEvent, deciding: choice)
  }
}
