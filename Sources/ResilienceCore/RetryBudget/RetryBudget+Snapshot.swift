internal import Synchronization

extension RetryBudget {
  /// A budget at one moment.
  public struct Snapshot: Sendable, Hashable {
    /// The budget's name.
    public let name: String

    /// Retries that could be taken now.
    public let available: Int

    /// The most retries that can be saved up.
    public let reserve: Int

    /// Retries that were allowed so far, handed back or not.
    public let granted: UInt64

    /// Retries that were asked for so far and not allowed.
    public let refused: UInt64
  }

  /// The balance at the present instant of the current context's clock, and the totals; see
  /// ``snapshot(at:)``.
  public func snapshot() -> Snapshot {
    snapshot(at: CallContext.current.readClock())
  }

  /// The balance at `now`, and the totals. Each is exact; together they may straddle a retry that is being
  /// decided.
  public func snapshot(at now: Instant) -> Snapshot {
    Snapshot(
      name: name, available: available(at: now), reserve: reserve, granted: granted.load(ordering: .relaxed),
      refused: refused.load(ordering: .relaxed))
  }
}

extension RetryBudget.Snapshot: MetricSource {
  /// The balance as a gauge, the totals as counters.
  public var metrics: [Metric] {
    let labels = [Metric.Label("budget", name)]
    return [
      Metric(
        "retry_budget_available", .gauge, Double(available), labels: labels,
        help: "Retries that the budget would grant at once."),
      Metric(
        "retry_budget_granted_total", .counter, Double(granted), labels: labels,
        help: "Retries that the budget has granted."),
      Metric(
        "retry_budget_refused_total", .counter, Double(refused), labels: labels,
        help: "Retries that the budget has refused."),
    ]
  }
}
