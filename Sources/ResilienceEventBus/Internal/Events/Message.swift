internal import ResilienceCore

/// An event whose payload type is hidden: the one box that all queues share.
///
/// A class, so that its envelope is read in place. `@unchecked` since a class with subclasses cannot be
/// checked: all have constants only, and those are `Sendable`.
@usableFromInline
class Message: @unchecked Sendable {
  @usableFromInline final let envelope: EventEnvelope

  /// What it died of before it was redriven.
  @usableFromInline final let deaths: [DeadLetter.Death]

  /// The broker that is told what became of it; `nil` for one that never left memory.
  final let origin: BrokerOrigin?

  @usableFromInline
  init(_ envelope: EventEnvelope, deaths: [DeadLetter.Death] = []) {
    self.envelope = envelope
    self.deaths = deaths
    origin = nil
  }

  init(_ envelope: EventEnvelope, deaths: [DeadLetter.Death], origin: BrokerOrigin) {
    self.envelope = envelope
    self.deaths = deaths
    self.origin = origin
  }

  @usableFromInline var payloadName: String { preconditionFailure("a message without a payload") }

  /// The payload, where it is in memory.
  var value: (any Sendable)? { nil }

  /// The payload as bytes.
  func payload() throws -> EncodedPayload { preconditionFailure("a message without a payload") }

  /// The same payload in another envelope.
  func with(_ envelope: EventEnvelope, deaths: [DeadLetter.Death]) -> Message {
    preconditionFailure("a message without a payload")
  }

  /// The event as bytes.
  final func encoded(_ context: CallContext) throws -> EncodedEvent {
    try EncodedEvent(envelope, payload(), context)
  }

  /// The same event as if it had not been delivered, and without its deadline.
  final func renewed(after deaths: [DeadLetter.Death]) -> Message {
    var envelope = envelope
    envelope.attempt = 0
    envelope.deadline = .never
    return with(envelope, deaths: deaths)
  }
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

  override var value: (any Sendable)? { (data as? EventData).map(\.message.value) ?? data }

  override func payload() throws -> EncodedPayload {
    if let forwarded = data as? EventData { return try forwarded.message.payload() }
    guard let coding = (envelope.definition as? TypedEventDefinition<Payload>)?.coding else {
      throw NoEventCoding(type: envelope.type, payload: payloadName)
    }
    return EncodedPayload(
      bytes: try coding.encode(data), contentType: coding.contentType, version: envelope.dataVersion)
  }

  override func with(_ envelope: EventEnvelope, deaths: [DeadLetter.Death]) -> Message {
    TypedMessage(Event(envelope: envelope, data: data), deaths: deaths)
  }
}
