public import ResilienceCore

/// What an inbox holds and has done.
public struct InboxSnapshot: MetricSource, Hashable {
  /// Events that are being handled.
  public let reserved: Int

  /// Handled events that are still remembered.
  public let remembered: Int

  /// Events handled so far.
  public let handled: Int

  /// Deliveries that were dropped because their event had been handled.
  public let duplicates: Int

  /// Reservations given back, because their handler failed.
  public let released: Int

  /// `inbox_reserved_events`, `inbox_remembered_events`, and totals of what was handled, dropped and
  /// released.
  public var metrics: [Metric] {
    [
      Metric("inbox_reserved_events", .gauge, Double(reserved), help: "Events that a handler is at work on."),
      Metric("inbox_remembered_events", .gauge, Double(remembered), help: "Events that are remembered."),
      Metric(
        "inbox_handled_events_total", .counter, Double(handled),
        help: "Events that were handled and are remembered."),
      Metric(
        "inbox_duplicates_total", .counter, Double(duplicates),
        help: "Events that were dropped as duplicates."),
      Metric("inbox_released_events_total", .counter, Double(released), help: "Events whose handler failed."),
    ]
  }
}
