public import ResilienceCore

/// What a table of bulkheads holds.
public struct BulkheadsSnapshot: Sendable, Hashable {
  /// The table's name.
  public var name: String

  /// Bulkheads that are kept; those that are idle are forgotten when room is needed.
  public var bulkheads: Int

  /// What is inside all of them: the weights of the calls.
  public var inUse: Int

  /// Calls that wait, in all of them.
  public var waiting: Int

  /// Calls that went in after a wait, since the table was created.
  public var waited: Int

  /// Calls that were not let in since the table was created.
  public var rejected: Int

  /// Calls that were cancelled while they waited.
  public var cancelled: Int

  /// How often a key found no room, and was given the bulkhead that such keys share.
  public var shared: Int
}

extension BulkheadsSnapshot: MetricSource {
  /// The counts, labelled with the table's name.
  public var metrics: [Metric] {
    let labels = [Metric.Label("bulkheads", name)]
    return [
      Metric(
        "bulkheads", .gauge, Double(bulkheads), labels: labels,
        help: "Keys that have a bulkhead of their own."),
      Metric(
        "bulkheads_in_use", .gauge, Double(inUse), labels: labels, help: "Permits in use, over all keys."),
      Metric(
        "bulkheads_waiting_calls", .gauge, Double(waiting), labels: labels,
        help: "Calls that wait for a place, over all keys."),
      Metric(
        "bulkheads_waited_calls_total", .counter, Double(waited), labels: labels,
        help: "Calls that got their place after waiting, over all keys."),
      Metric(
        "bulkheads_rejected_calls_total", .counter, Double(rejected), labels: labels,
        help: "Calls that were refused, over all keys."),
      Metric(
        "bulkheads_cancelled_calls_total", .counter, Double(cancelled), labels: labels,
        help: "Calls that left a queue because they were cancelled or out of time."),
      Metric(
        "bulkheads_shared_total", .counter, Double(shared), labels: labels,
        help: "Calls of keys that shared a bulkhead, because there were too many keys."),
    ]
  }
}
