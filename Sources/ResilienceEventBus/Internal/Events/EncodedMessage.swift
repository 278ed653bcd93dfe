internal import ResilienceCore

/// An event that came as bytes: whoever it is delivered to decodes it, so that one who cannot does not keep
/// it from the others.
final class EncodedMessage: Message, @unchecked Sendable {
  let encoded: EncodedPayload

  init(_ event: EncodedEvent, _ context: CallContext) throws(InvalidEvent) {
    encoded = try event.payload()
    let definition = EventDefinition(
      name: event.type, version: encoded.version, contentType: event.contentType)
    super.init(try event.envelope(for: definition, context))
  }

  /// One that a broker handed out.
  init(_ delivery: BrokerDelivery, from origin: BrokerOrigin, _ context: CallContext) throws(InvalidEvent) {
    encoded = try delivery.event.payload()
    let definition = EventDefinition(
      name: delivery.event.type, version: encoded.version, contentType: delivery.event.contentType)
    var envelope = try delivery.event.envelope(for: definition, context)
    envelope.attempt = delivery.deliveries
    super.init(envelope, deaths: delivery.history, origin: origin)
  }

  private init(_ envelope: EventEnvelope, _ encoded: EncodedPayload, deaths: [DeadLetter.Death]) {
    self.encoded = encoded
    super.init(envelope, deaths: deaths)
  }

  override var payloadName: String { encoded.contentType ?? "bytes" }

  override func payload() -> EncodedPayload { encoded }

  override func with(_ envelope: EventEnvelope, deaths: [DeadLetter.Death]) -> Message {
    EncodedMessage(envelope, encoded, deaths: deaths)
  }
}
