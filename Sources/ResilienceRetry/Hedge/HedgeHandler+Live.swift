public import ResilienceCore

extension Handler {
  /// Makes a slow call a second time, by a policy that may be changed while calls run; see
  /// ``ResilienceCore/Handler/hedge(_:budget:)``.
  ///
  /// What the policy is when a call begins holds for that call. The budget and the counts stay, and so does
  /// what was learned: it is learned whatever the delay is at present.
  ///
  /// - Parameters:
  ///   - policy: Attempts and delay.
  ///   - budget: The destination's budget. Default: one of its own, 10 % of the calls.
  public func hedge(
    live policy: LivePolicy<HedgePolicy>, budget: RetryBudget? = RetryBudget()
  ) -> HedgeHandler<Self> {
    HedgeHandler(base: self, hedger: Hedger(live: policy, budget: budget, provesRefusals: !mayRepeatCalls))
  }

  /// Makes a slow call a second time, by a policy that may be changed while calls run, and leaves what
  /// ignores its cancellation; see ``ResilienceCore/Handler/hedge(_:budget:abandoning:)``.
  ///
  /// - Parameters:
  ///   - policy: Attempts and delay; what they are when a call begins holds for that call.
  ///   - budget: The destination's budget. Default: one of its own, 10 % of the calls.
  ///   - work: Counts what is left running.
  public func hedge(
    live policy: LivePolicy<HedgePolicy>, budget: RetryBudget? = RetryBudget(),
    abandoning work: AbandonedWork
  ) -> AbandoningHedgeHandler<Self> {
    AbandoningHedgeHandler(
      base: self, hedger: Hedger(live: policy, budget: budget, provesRefusals: !mayRepeatCalls),
      abandoned: work)
  }
}
