public import ResilienceCore

/// What a broker holds, and has done since it was opened.
public struct BrokerSnapshot: MetricSource, Hashable {
  /// One group.
  public struct Group: Sendable, Hashable {
    /// Its name.
    public let name: String

    /// Consumers whose sessions last.
    public let consumers: Int

    /// Events that are handed out and not settled.
    public let inFlight: Int

    /// Stored records that it has not settled or passed over: no fewer than the events that it still gets.
    public let lag: Int

    /// Events that were handed out for the second time or later.
    public let redeliveries: Int
  }

  /// The broker's name.
  public let name: String

  /// The groups, by name.
  public let groups: [Group]

  /// Events that were published.
  public let published: Int

  /// Events that were published for later, and whose time has not come.
  public let scheduled: Int

  /// Dead letters that are kept.
  public let deadLetters: Int

  /// Dead letters that made room for later ones.
  public let discardedDeadLetters: Int

  /// By group consumers, events in flight, lag and redeliveries; events for later, dead letters, and totals
  /// of what was published and discarded.
  public var metrics: [Metric] {
    let broker = Metric.Label("broker", name)
    return [
      Metric(
        "event_broker_published_total", .counter, Double(published), labels: [broker],
        help: "Events that were published."),
      Metric(
        "event_broker_scheduled", .gauge, Double(scheduled), labels: [broker],
        help: "Events for later whose time has not come."),
      Metric(
        "event_broker_dead_letters", .gauge, Double(deadLetters), labels: [broker],
        help: "Dead letters that are kept."),
      Metric(
        "event_broker_dead_letters_discarded_total", .counter, Double(discardedDeadLetters), labels: [broker],
        help: "Dead letters that made room for later ones."),
    ]
      + groups.flatMap { group in
        let labels = [broker, Metric.Label("group", group.name)]
        return [
          Metric(
            "event_broker_consumers", .gauge, Double(group.consumers), labels: labels,
            help: "Consumers whose sessions last."),
          Metric(
            "event_broker_in_flight", .gauge, Double(group.inFlight), labels: labels,
            help: "Events that are handed out and not settled."),
          Metric(
            "event_broker_lag", .gauge, Double(group.lag), labels: labels,
            help: "Stored records that the group has not settled or passed over."),
          Metric(
            "event_broker_redeliveries_total", .counter, Double(group.redeliveries), labels: labels,
            help: "Events that were handed out for the second time or later."),
        ]
      }
  }
}
