internal import ResilienceCore

/// The payload of an event whose type the subscriber does not know when it is compiled, as in an audit or a
/// forwarder.
///
/// An `Event<EventData>` may be published as it is: subscribers to its type get their payload.
///
/// ```swift
/// let audit = EventHandler("audit") { (event: Event<EventData>) in
///   try await log.append(event.encoded().json())
/// }
/// ```
public struct EventData: Sendable {
  let message: Message

  init(_ message: Message) {
    self.message = message
  }

  /// The media type of ``bytes()``; `nil` for a payload that has no form as bytes, or when its publisher did
  /// not say.
  public var contentType: String? { message.envelope.contentType }

  /// The payload itself, where it has not left memory; `nil` for one that came as bytes.
  public var value: (any Sendable)? { message.value }

  /// The payload as bytes; encoded now, if it has not been.
  ///
  /// - Throws: ``NoEventCoding`` when it has no form as bytes; what its coding throws.
  public func bytes() throws -> [UInt8] { try message.payload().bytes ?? [] }

  /// The payload as what `type` says, by way of its versions. The event's own type is not compared.
  ///
  /// - Throws: ``UndecodableEvent``, also for a payload in memory that is of another Swift type.
  public func decode<Payload>(as type: EventType<Payload>) throws -> Payload {
    do {
      return try message.event(of: type).data
    } catch let error as PayloadMismatch {
      throw UndecodableEvent(type: message.envelope.type, id: message.envelope.id, error)
    }
  }
}

extension EventData: CustomStringConvertible {
  /// What it is, not what it holds: `OrderCreated`, or `application/json`.
  public var description: String { message.payloadName }
}
