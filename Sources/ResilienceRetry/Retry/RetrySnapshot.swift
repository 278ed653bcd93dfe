public import ResilienceCore

/// What a retry did so far, and what its budget has left.
///
/// A service that "does not retry any more" shows it here: ``gaveUp`` counts
/// ``RetryDecision/Reason/budgetExhausted``, and the budget has none available.
public struct RetrySnapshot: Sendable, Hashable {
  /// The call's name; empty when unnamed.
  public let call: String

  /// Attempts that were begun after the first of a call, or are about to be.
  public let retries: UInt64

  /// Calls that ended without success, by the reason for which there was no further attempt; none for 0.
  public let gaveUp: [RetryDecision.Reason: UInt64]

  /// The budget, which other layers may share.
  public let budget: RetryBudget.Snapshot
}

extension RetrySnapshot: MetricSource {
  /// The counters, one for each reason, and the budget's metrics.
  public var metrics: [Metric] {
    let labels = [Metric.Label("call", call)]
    return [
      Metric(
        "retry_retries_total", .counter, Double(retries), labels: labels, help: "Attempts after the first.")
    ]
      + RetryDecision.Reason.allCases.map { reason in
        Metric(
          "retry_gave_up_total", .counter, Double(gaveUp[reason] ?? 0),
          labels: labels + [Metric.Label("reason", reason.rawValue)],
          help: "Calls that failed for good, by reason.")
      } + budget.metrics
  }
}
