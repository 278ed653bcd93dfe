public import ResilienceCore

/// A hedge at one moment. Each number is exact; together they may straddle a call that is being decided.
public struct HedgeSnapshot: Sendable, Hashable {
  /// The call's name; empty when unnamed.
  public let call: String

  /// Calls that ended so far.
  public let calls: UInt64

  /// Attempts beyond the first that were begun so far.
  public let started: UInt64

  /// Calls that were answered by an attempt beyond the first.
  public let won: UInt64

  /// Attempts that the budget refused.
  public let refused: UInt64

  /// How long an attempt may take at present before the next one begins; `nil` while too few calls were seen
  /// to tell.
  public let delay: Duration?
}

extension HedgeSnapshot: MetricSource {
  /// The totals as counters, the delay as a gauge once it is known.
  public var metrics: [Metric] {
    let labels = [Metric.Label("call", call)]
    let counters = [
      Metric("hedge_calls_total", .counter, Double(calls), labels: labels, help: "Calls that may be hedged."),
      Metric(
        "hedge_started_total", .counter, Double(started), labels: labels,
        help: "Second attempts that were begun."),
      Metric(
        "hedge_won_total", .counter, Double(won), labels: labels, help: "Second attempts that answered first."
      ),
      Metric(
        "hedge_refused_total", .counter, Double(refused), labels: labels,
        help: "Second attempts that the budget has refused."),
    ]
    guard let delay else { return counters }
    return counters + [
      Metric(
        "hedge_delay_seconds", .gauge, Double(delay.clampedNanoseconds) / 1e9, labels: labels,
        help: "After so long a second attempt is begun.")
    ]
  }
}
