public import ResilienceCore

/// Something a bus did with an event.
public struct EventBusEvent: ResilienceEvent, Hashable {
  /// What was done.
  public enum Kind: Sendable, Hashable {
    /// It was queued for as many groups; for none when nobody subscribes.
    case published(groups: Int)

    /// A handler handled it.
    case delivered

    /// A delivery failed; the next is due after the delay.
    case redeliveryScheduled(after: Duration, error: String)

    /// The group was given up on. Told once, after the last delivery.
    case deadLettered(DeadLetter.Reason, error: String?)

    /// It made room for others; see ``Overflow/dropOldest``.
    case dropped

    /// It was published for later, so long after this.
    case scheduled(after: Duration)

    /// The bus shut down before the handler was done: it is queued as if it had not been delivered.
    case returned
  }

  /// What was done.
  public let kind: Kind

  /// The event's id.
  public let id: String

  /// The event's type.
  public let type: String

  /// The event's subject.
  public let subject: String?

  /// The group; `nil` for `published` and `scheduled`, which concern all of them.
  public let group: String?

  /// Deliveries to the group so far.
  public let attempt: Int

  /// Creates an event.
  public init(_ kind: Kind, _ envelope: EventEnvelope, group: String?, attempt: Int) {
    self.kind = kind
    id = envelope.id
    type = envelope.type
    subject = envelope.subject
    self.group = group
    self.attempt = attempt
  }

  /// `event_bus.` and the kind, such as `event_bus.delivered`.
  public var name: String {
    switch kind {
    case .published: "event_bus.published"
    case .delivered: "event_bus.delivered"
    case .redeliveryScheduled: "event_bus.redelivery_scheduled"
    case .deadLettered: "event_bus.dead_lettered"
    case .returned: "event_bus.returned"
    case .dropped: "event_bus.dropped"
    case .scheduled: "event_bus.scheduled"
    }
  }

  /// Type, id, subject, group and attempt, then what the kind adds.
  public var attributes: [EventAttribute] {
    var attributes = [EventAttribute("type", .string(type)), EventAttribute("id", .string(id))]
    if let subject { attributes.append(EventAttribute("subject", .string(subject))) }
    if let group {
      attributes.append(EventAttribute("group", .string(group)))
      attributes.append(EventAttribute("attempt", .integer(Int64(attempt))))
    }
    return attributes + details
  }

  private var details: [EventAttribute] {
    switch kind {
    case .published(let groups):
      [EventAttribute("groups", .integer(Int64(groups)))]
    case .redeliveryScheduled(let delay, let error):
      [
        .seconds("delay", delay),
        EventAttribute("error", .string(error)),
      ]
    case .deadLettered(let reason, let error):
      [EventAttribute("reason", .string("\(reason)"))]
        + (error.map { [EventAttribute("error", .string($0))] } ?? [])
    case .scheduled(let delay):
      [.seconds("delay", delay)]
    case .delivered, .returned, .dropped:
      []
    }
  }
}
