public import ResilienceCore

/// What a breaker knows, at one instant.
public struct CircuitBreakerSnapshot: Sendable, Hashable {
  /// The breaker's name.
  public var name: String

  /// What it does with the next call.
  public var state: CircuitBreakerState

  /// The share of calls that it admits: 1 for all, 0 when all are rejected or only probes pass.
  public var admittedShare: Double

  /// Results in the window; while not closed, as it was when the breaker opened.
  public var windowCalls: Int

  /// Failures among them.
  public var windowFailures: Int

  /// Slow ones among them.
  public var windowSlowCalls: Int

  /// Failures per result in the window; `nil` below the minimum throughput.
  public var failureRate: Double?

  /// Calls that run past the threshold of slow calls.
  public var overdueCalls: Int

  /// Slow results and overdue calls per result and overdue call; `nil` below the minimum throughput, and when
  /// calls are not timed.
  public var slowCallRate: Double?

  /// Failures since the latest success that are not too old for the window.
  public var consecutiveFailures: Int

  /// Probes under way.
  public var probesRunning: Int

  /// Successes counted since the breaker was created, probes included.
  public var successes: Int

  /// Failures counted since the breaker was created, probes included.
  public var failures: Int

  /// Slow ones among both.
  public var slowCalls: Int

  /// Calls rejected since the breaker was created.
  public var rejections: Int

  /// How often it opened.
  public var openings: Int

  /// How many of the latest openings came without the breaker having stayed closed before: what its open time
  /// has grown by.
  public var reopenings: Int

  /// Results that were not counted, because they came from an earlier state.
  public var staleResults: Int

  /// How long it was open in all, half-open not counted.
  public var timeOpen: Duration
}

extension CircuitBreakerSnapshot: MetricSource {
  /// State (0 closed, 1 half-open, 2 open, 3 recovering, 4 forced open, 5 disabled, 6 metrics only) and
  /// counts, labelled with the breaker's name.
  public var metrics: [Metric] {
    let labels = [Metric.Label("breaker", name)]
    let results = [("success", successes), ("failure", failures), ("stale", staleResults)].map {
      Metric(
        "circuit_breaker_results_total", .counter, Double($1), labels: labels + [Metric.Label("result", $0)],
        help: "Results that were counted, by what they amounted to.")
    }
    return [
      Metric(
        "circuit_breaker_state", .gauge, stateValue, labels: labels,
        help: "0 closed, 1 half-open, 2 open, 3 recovering, 4 forced open, 5 disabled, 6 metrics only."),
      Metric(
        "circuit_breaker_admitted_share", .gauge, admittedShare, labels: labels,
        help: "The share of calls that is let through, from 0 to 1."),
    ] + results + [
      Metric(
        "circuit_breaker_slow_calls_total", .counter, Double(slowCalls), labels: labels,
        help: "Calls that took longer than what counts as slow."),
      Metric(
        "circuit_breaker_overdue_calls", .gauge, Double(overdueCalls), labels: labels,
        help: "Calls that run for longer than what counts as slow."),
      Metric(
        "circuit_breaker_rejections_total", .counter, Double(rejections), labels: labels,
        help: "Calls that the breaker has refused."),
      Metric(
        "circuit_breaker_openings_total", .counter, Double(openings), labels: labels,
        help: "How often the breaker has opened."),
      Metric(
        "circuit_breaker_open_seconds_total", .counter, timeOpen / .seconds(1), labels: labels,
        help: "How long the breaker has been open."),
      Metric(
        "circuit_breaker_probes_running", .gauge, Double(probesRunning), labels: labels,
        help: "Probes that are under way."),
    ]
  }

  private var stateValue: Double {
    switch state {
    case .closed: 0
    case .halfOpen: 1
    case .open: 2
    case .recovering: 3
    case .forcedOpen: 4
    case .disabled: 5
    case .metricsOnly: 6
    }
  }
}
