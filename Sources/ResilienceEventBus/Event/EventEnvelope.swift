public import ResilienceCore

/// What is known of an event apart from its payload: the attributes of CloudEvents 1.0, and what travels along.
public struct EventEnvelope: Sendable {
  /// The version of CloudEvents that the attributes follow.
  public static let specVersion = "1.0"

  /// Tells this event from all others of its source; a copy that is delivered again has the same. Not empty.
  public let id: String

  /// Who published it; not empty.
  public let source: String

  /// What happened, as ``EventType/name``; not empty.
  public let type: String

  /// What it happened to: the ordering key. Events of one subject are delivered in order; `nil` for no order.
  public let subject: String?

  /// When it was made.
  public let time: UnixTime

  /// The span that published it, so that the delivery belongs to the same trace.
  public var trace: TraceIDs

  /// When nobody waits for its effect any more: past it the event is a dead letter, and its handler does not run.
  public var deadline: Deadline

  /// What else travels along; see ``Ambient/baggage``.
  public var baggage: (any Sendable)?

  /// The id of the request that a reply belongs to; `nil` for what is neither.
  public var correlationID: String?

  /// The event type that the publisher expects a reply as; `nil` for none.
  public var replyTo: String?

  /// Which delivery this is, from 1; 0 before the first.
  ///
  /// It counts all deliveries to a group. An event that a handler publishes again goes on counting where it was, so
  /// that a loop of republishing ends too; set it to 0 to start anew.
  public var attempt: Int

  /// The group that it is delivered to; empty before the first delivery.
  public internal(set) var group: String
}

extension EventEnvelope: CustomStringConvertible {
  /// Type, id and subject: `order_created 0h3c… of customer 17850`.
  public var description: String {
    "\(type) \(id)" + (subject.map { " of \($0)" } ?? "")
  }
}
