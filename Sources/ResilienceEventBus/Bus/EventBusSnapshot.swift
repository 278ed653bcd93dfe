public import ResilienceCore

/// What a bus holds and has done, at one instant.
public struct EventBusSnapshot: Sendable, Hashable {
  /// One group.
  ///
  /// Nothing is lost unseen: `enqueued` is always `delivered + deadLettered + dropped + outstanding`.
  public struct Group: Sendable, Hashable {
    /// The events that it gets.
    public var filter: EventFilter

    /// The group's name.
    public var name: String

    /// Events that were queued for it since it was made, those redriven included.
    public var enqueued: Int

    /// Events that its handlers handled.
    public var delivered: Int

    /// Events that it was given up on.
    public var deadLettered: Int

    /// Events that made room for others; see ``Overflow/dropOldest``.
    public var dropped: Int

    /// Redeliveries that were scheduled.
    public var redeliveries: Int

    /// Deliveries whose handler had not returned when their lease ended.
    public var leasesEnded: Int

    /// Events that wait for a handler, or behind another one of their subject.
    public var queued: Int

    /// Events that a handler is at work on.
    public var inFlight: Int

    /// Events that wait for their redelivery.
    public var waiting: Int

    /// Subscriptions.
    public var subscriptions: Int

    /// How long ago the oldest event that is not settled was made; `nil` when there is none. Of a group that
    /// is behind, it is the lag.
    public var oldestAge: Duration?

    /// What the broker failed with last, while it goes on failing; `nil` when it does not, or there is none.
    public var brokerError: String?

    /// Events that are not settled.
    public var outstanding: Int { queued + inFlight + waiting }
  }

  /// The bus's source attribute.
  public var source: String

  /// The groups, in the order of their first subscription.
  public var groups: [Group]

  /// Events that were published.
  public var published: Int

  /// Events among them that no group subscribed to.
  public var unrouted: Int

  /// Events that were published for later and are in memory; a broker's are in its snapshot.
  public var scheduled: Int

  /// Requests that wait for their reply.
  public var pendingRequests: Int

  /// Dead letters that are kept.
  public var deadLetters: Int

  /// Dead letters that made room for later ones.
  public var discardedDeadLetters: Int

  /// Events that are not settled, in all groups.
  public var outstanding: Int { groups.reduce(0) { $0 + $1.outstanding } }
}

extension EventBusSnapshot: MetricSource {
  /// Counts of the bus, labelled with its source, then of each group, labelled with its type (a prefix with
  /// `*`) and name too.
  public var metrics: [Metric] {
    let labels = [Metric.Label("bus", source)]
    return [
      Metric(
        "event_bus_published_total", .counter, Double(published), labels: labels,
        help: "Events that were published."),
      Metric(
        "event_bus_unrouted_total", .counter, Double(unrouted), labels: labels,
        help: "Events that no group subscribed to."),
      Metric(
        "event_bus_scheduled", .gauge, Double(scheduled), labels: labels,
        help: "Events for later whose time has not come."),
      Metric(
        "event_bus_pending_requests", .gauge, Double(pendingRequests), labels: labels,
        help: "Requests that wait for their reply."),
      Metric(
        "event_bus_dead_letters", .gauge, Double(deadLetters), labels: labels,
        help: "Dead letters that are kept."),
      Metric(
        "event_bus_dead_letters_discarded_total", .counter, Double(discardedDeadLetters), labels: labels,
        help: "Dead letters that made room for later ones."),
    ] + groups.flatMap { $0.metrics(labels) }
  }
}

extension EventBusSnapshot.Group {
  fileprivate func metrics(_ bus: [Metric.Label]) -> [Metric] {
    let labels = bus + [Metric.Label("type", "\(filter)"), Metric.Label("group", name)]
    let age = oldestAge.map { Double($0.clampedNanoseconds) / 1e9 } ?? 0
    return [
      Metric(
        "event_bus_oldest_age_seconds", .gauge, age, labels: labels,
        help: "The age of the group's oldest event."),
      Metric(
        "event_bus_dropped_total", .counter, Double(dropped), labels: labels,
        help: "Events that made room for later ones."),
      Metric(
        "event_bus_leases_ended_total", .counter, Double(leasesEnded), labels: labels,
        help: "Deliveries that were taken away from a handler that held them for too long."),
      Metric(
        "event_bus_enqueued_total", .counter, Double(enqueued), labels: labels,
        help: "Events that were queued for the group."),
      Metric(
        "event_bus_delivered_total", .counter, Double(delivered), labels: labels,
        help: "Events that the group has handled."),
      Metric(
        "event_bus_dead_lettered_total", .counter, Double(deadLettered), labels: labels,
        help: "Events of the group that became dead letters."),
      Metric(
        "event_bus_redeliveries_total", .counter, Double(redeliveries), labels: labels,
        help: "Redeliveries that were scheduled."),
      Metric(
        "event_bus_queued", .gauge, Double(queued), labels: labels, help: "Events that wait for their turn."),
      Metric(
        "event_bus_in_flight", .gauge, Double(inFlight), labels: labels,
        help: "Events that a handler is at work on."),
      Metric(
        "event_bus_waiting", .gauge, Double(waiting), labels: labels, help: "Events that wait for redelivery."
      ),
    ]
  }
}
