public import ResilienceCore

/// What a coalescing handler has shared so far.
public struct CoalescingSnapshot: Sendable, Hashable {
  /// The call's name; empty when unnamed.
  public let call: String

  /// Executions in progress that can be joined: one for each key that is asked for at present.
  public let running: Int

  /// Executions begun so far.
  public let started: UInt64

  /// Callers so far that were given the answer of an execution that another one began.
  public let joined: UInt64

  /// Executions that were cancelled because the last caller had left.
  public let deserted: UInt64
}

extension CoalescingSnapshot: MetricSource {
  /// The executions in progress as a gauge, the totals as counters.
  public var metrics: [Metric] {
    let labels = [Metric.Label("call", call)]
    return [
      Metric(
        "coalescing_running", .gauge, Double(running), labels: labels,
        help: "Shared calls that are under way."),
      Metric(
        "coalescing_started_total", .counter, Double(started), labels: labels,
        help: "Shared calls that were begun."),
      Metric(
        "coalescing_joined_total", .counter, Double(joined), labels: labels,
        help: "Calls that joined one that was under way."),
      Metric(
        "coalescing_deserted_total", .counter, Double(deserted), labels: labels,
        help: "Shared calls that all who waited for them have left."),
    ]
  }
}
