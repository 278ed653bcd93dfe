public import ResilienceCore

/// Something that happened: a CloudEvents 1.0 envelope around a payload.
///
/// The envelope's attributes can be read from the event itself:
///
/// ```swift
/// let reserve = EventHandler("inventory.reserve") { (event: Event<OrderCreated>) in
///   try await shelf.reserve(event.data.lines, for: event.subject, attempt: event.attempt)
/// }
/// ```
@dynamicMemberLookup
@frozen
public struct Event<Payload: Sendable>: Sendable {
  /// Everything but the payload.
  public var envelope: EventEnvelope

  /// The payload.
  public let data: Payload

  /// Creates an event, of this moment and of the call that creates it.
  ///
  /// `EventBus.publish(_:as:)` does so itself; create one to give it an id of your
  /// own (an invoice number, so that publishing it twice is noticed), or to publish the same one again.
  ///
  /// - Parameters:
  ///   - id: Not empty. Default: drawn from the context's randomness.
  ///   - source: Who publishes it; not empty.
  ///   - type: What happened.
  ///   - subject: The ordering key; not empty. Default: none.
  ///   - data: The payload.
  ///   - deadline: When nobody waits for its effect any more. Default: never.
  ///   - context: Where clock and trace come from. Default: that of the enclosing call. The baggage is
  ///     `CallContext.baggage`.
  /// - Throws: ``InvalidEvent`` when an attribute is empty, or has a control character or another code point
  ///   that CloudEvents forbids.
  @inlinable
  public init(
    id: String? = nil, source: String, type: EventType<Payload>, subject: String? = nil, data: Payload,
    deadline: Deadline = .never, context: CallContext = .current
  ) throws(InvalidEvent) {
    envelope = try EventEnvelope(
      id: id, source: source, definition: type.erased, subject: subject,
      deadline: deadline, context: context)
    self.data = data
  }

  @inlinable
  init(envelope: EventEnvelope, data: Payload) {
    self.envelope = envelope
    self.data = data
  }

  // Apart from the one above: an envelope that is made first is copied once more.
  @inlinable
  init(_ message: TypedMessage<Payload>, to group: String, attempt: Int, _ place: DeliveryPlace) {
    envelope = message.delivered(to: group, attempt: attempt, place)
    data = message.data
  }

  /// Reads an attribute of the envelope.
  public subscript<Value>(dynamicMember attribute: KeyPath<EventEnvelope, Value>) -> Value {
    envelope[keyPath: attribute]
  }
}
