public import ResilienceCore

extension Handler {
  /// Begins a call again, beside itself, when it has not ended after `delay`; the first success wins. See
  /// ``ResilienceCore/Handler/hedge(_:budget:)``.
  ///
  /// By the default budget a tenth of the calls can be hedged, and a few more: when `delay` is so short, or
  /// the destination so slow, that more of them take longer, the others are not.
  ///
  /// - Parameters:
  ///   - delay: How long an attempt may take before the next one is begun, 0 or more.
  ///   - budget: The destination's budget. Default: one of its own, 10 % of the calls.
  public func hedge(after delay: Duration, budget: RetryBudget? = RetryBudget()) -> HedgeHandler<Self> {
    hedge(HedgePolicy(delay: .fixed(delay)), budget: budget)
  }
}
