public import ResilienceCore

/// What a throttle knows, at one instant.
public struct ThrottleSnapshot: Sendable, Hashable {
  /// The throttle's name.
  public var name: String

  /// Calls attempted within the window, held back or not.
  public var attempts: Int

  /// Calls accepted within the window.
  public var accepts: Int

  /// The probability that the next call is held back, 0 to 1.
  public var rejectionProbability: Double

  /// Calls held back since the throttle was created.
  public var rejected: Int
}

extension ThrottleSnapshot: MetricSource {
  /// The counts, labelled with the throttle's name.
  public var metrics: [Metric] {
    let labels = [Metric.Label("throttle", name)]
    return [
      Metric(
        "throttle_window_attempts", .gauge, Double(attempts), labels: labels, help: "Calls of the window."),
      Metric(
        "throttle_window_accepts", .gauge, Double(accepts), labels: labels,
        help: "Calls of the window that the destination has accepted."),
      Metric(
        "throttle_rejection_probability", .gauge, rejectionProbability, labels: labels,
        help: "The share of calls that is refused, from 0 to 1."),
      Metric(
        "throttle_rejected_calls_total", .counter, Double(rejected), labels: labels,
        help: "Calls that the throttle has refused."),
    ]
  }
}
