public import ResilienceCore

/// What a bulkhead knows, at one instant.
public struct BulkheadSnapshot: Sendable, Hashable {
  /// The bulkhead's name.
  public var name: String

  /// What may be inside; an adaptive limit that is probing lets in less for a moment.
  public var limit: Int

  /// What is inside: the weights of the calls.
  public var inUse: Int

  /// Calls that wait.
  public var waiting: Int

  /// Calls that went in after a wait, since the bulkhead was created.
  public var waited: Int

  /// Calls that were not let in since the bulkhead was created: refused at once, displaced, or past their
  /// deadline.
  public var rejected: Int

  /// Calls that were cancelled while they waited.
  public var cancelled: Int

  /// Whether an adaptive limit is measuring how long calls take when none waits for another.
  public var isProbing: Bool

  /// How long they take then; `nil` before it was measured, and for a fixed limit.
  public var unloadedLatency: Duration?
}

extension BulkheadSnapshot: MetricSource {
  /// The counts, labelled with the bulkhead's name.
  public var metrics: [Metric] {
    let labels = [Metric.Label("bulkhead", name)]
    let latency = unloadedLatency.map {
      Metric(
        "bulkhead_unloaded_latency_seconds", .gauge, $0 / .seconds(1), labels: labels,
        help: "The latency that an adaptive limit takes for that of an idle destination.")
    }
    return [
      Metric("bulkhead_limit", .gauge, Double(limit), labels: labels, help: "Permits there are."),
      Metric("bulkhead_in_use", .gauge, Double(inUse), labels: labels, help: "Permits in use."),
      Metric(
        "bulkhead_waiting_calls", .gauge, Double(waiting), labels: labels,
        help: "Calls that wait for a place."),
      Metric(
        "bulkhead_waited_calls_total", .counter, Double(waited), labels: labels,
        help: "Calls that got their place after waiting in the queue."),
      Metric(
        "bulkhead_rejected_calls_total", .counter, Double(rejected), labels: labels,
        help: "Calls that were refused, because places and queue were full."),
      Metric(
        "bulkhead_cancelled_calls_total", .counter, Double(cancelled), labels: labels,
        help: "Calls that left the queue because they were cancelled or out of time."),
    ] + (latency.map { [$0] } ?? [])
  }
}
