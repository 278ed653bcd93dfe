/// An event whose payload type is hidden: the one box that all queues share.
///
/// A class, so that its envelope is read in place. `@unchecked` since a class with subclasses cannot be
/// checked: both have constants only, and those are `Sendable`.
@usableFromInline
class Message: @unchecked Sendable {
  @usableFromInline final let envelope: EventEnvelope

  /// What it died of before it was redriven.
  @usableFromInline final let deaths: [DeadLetter.Death]

  @inlinable
  init(_ envelope: EventEnvelope, deaths: [DeadLetter.Death] = []) {
    self.envelope = envelope
    self.deaths = deaths
  }

  @usableFromInline var payloadName: String { preconditionFailure("a message without a payload") }

  /// The same event as if it had not been delivered, and without its deadline.
  @usableFromInline
  func renewed(after deaths: [DeadLetter.Death]) -> Message { preconditionFailure("a message without a payload") }
}

@usableFromInline
final class TypedMessage<Payload: Sendable>: Message, @unchecked Sendable {
  @usableFromInline let data: Payload

  @inlinable
  init(_ event: Event<Payload>, deaths: [DeadLetter.Death] = []) {
    data = event.data
    super.init(event.envelope, deaths: deaths)
  }

  @usableFromInline override var payloadName: String { "\(Payload.self)" }

  @usableFromInline
  override func renewed(after deaths: [DeadLetter.Death]) -> Message {
    var envelope = envelope
    envelope.attempt = 0
    envelope.deadline = .never
    return TypedMessage(Event(envelope: envelope, data: data), deaths: deaths)
  }
}

extension Message {
  /// The event as `group` sees it on its `attempt`-th delivery; `nil` when the payload is of another type.
  @inlinable
  func event<Payload>(
    of payload: Payload.Type, group: String, attempt: Int, _ delivery: DeliveryPlace = .none
  ) -> Event<Payload>? {
    guard let typed = self as? TypedMessage<Payload> else { return nil }
    return Event(envelope: envelope.delivered(to: group, attempt: attempt, delivery), data: typed.data)
  }
}
