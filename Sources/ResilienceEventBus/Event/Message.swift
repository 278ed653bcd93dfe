internal import ResilienceCore

/// An event whose payload type is hidden: the one box that all queues share.
protocol Message: AnyObject, Sendable {
  var envelope: EventEnvelope { get }
  var payloadName: String { get }

  /// The same event as if it had not been delivered, and without its deadline.
  func renewed() -> any Message
}

final class TypedMessage<Payload: Sendable>: Message {
  let envelope: EventEnvelope
  let data: Payload

  init(_ event: Event<Payload>) {
    envelope = event.envelope
    data = event.data
  }

  var payloadName: String { "\(Payload.self)" }

  func renewed() -> any Message {
    var envelope = envelope
    envelope.attempt = 0
    envelope.deadline = .never
    return TypedMessage(Event(envelope: envelope, data: data))
  }
}

extension Message {
  /// The event as `group` sees it on its `attempt`-th delivery; `nil` when the payload is of another type.
  func event<Payload>(of payload: Payload.Type, group: String, attempt: Int) -> Event<Payload>? {
    guard let typed = self as? TypedMessage<Payload> else { return nil }
    var envelope = envelope
    envelope.group = group
    envelope.attempt = attempt
    return Event(envelope: envelope, data: typed.data)
  }
}
