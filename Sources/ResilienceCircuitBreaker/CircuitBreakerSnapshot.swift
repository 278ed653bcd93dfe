public import ResilienceCore

/// What a breaker knows, at one instant.
public struct CircuitBreakerSnapshot: Sendable, Hashable {
  /// The breaker's name.
  public var name: String

  /// Closed, open or half-open.
  public var state: CircuitBreakerState

  /// Results in the window; while not closed, as it was when the breaker opened.
  public var windowCalls: Int

  /// Failures among them.
  public var windowFailures: Int

  /// Failures per result in the window; `nil` below the minimum throughput.
  public var failureRate: Double?

  /// Probes under way.
  public var probesRunning: Int

  /// Successes counted since the breaker was created, probes included.
  public var successes: Int

  /// Failures counted since the breaker was created, probes included.
  public var failures: Int

  /// Calls rejected since the breaker was created.
  public var rejections: Int

  /// How often it opened.
  public var openings: Int

  /// Results that were not counted, because they came from an earlier state.
  public var staleResults: Int

  /// How long it was open in all, half-open not counted.
  public var timeOpen: Duration
}

extension CircuitBreakerSnapshot: MetricSource {
  /// State (0 closed, 1 half-open, 2 open) and counts, labelled with the breaker's name.
  public var metrics: [Metric] {
    let labels = [Metric.Label("breaker", name)]
    let stateValue: Double =
      switch state {
      case .closed: 0
      case .halfOpen: 1
      case .open: 2
      }
    let results = [("success", successes), ("failure", failures), ("stale", staleResults)].map {
      Metric(
        "circuit_breaker_results_total", .counter, Double($1), labels: labels + [Metric.Label("result", $0)])
    }
    return [Metric("circuit_breaker_state", .gauge, stateValue, labels: labels)] + results + [
      Metric("circuit_breaker_rejections_total", .counter, Double(rejections), labels: labels),
      Metric("circuit_breaker_openings_total", .counter, Double(openings), labels: labels),
      Metric("circuit_breaker_open_seconds_total", .counter, timeOpen / .seconds(1), labels: labels),
      Metric("circuit_breaker_probes_running", .gauge, Double(probesRunning), labels: labels),
    ]
  }
}
