extension Message {
  /// The event as `group` sees it on its `attempt`-th delivery.
  ///
  /// - Throws: ``UndecodableEvent``; `PayloadMismatch` for a payload in memory that is of another type.
  @inlinable
  func event<Payload>(
    of type: EventType<Payload>, group: String, attempt: Int, _ place: DeliveryPlace = .none
  ) throws -> Event<Payload> {
    guard let typed = self as? TypedMessage<Payload> else {
      return try decodedEvent(of: type, delivered(to: group, attempt: attempt, place))
    }
    return Event(typed, to: group, attempt: attempt, place)
  }

  /// The envelope as `group` sees it on the `attempt`-th delivery. Here, where it is not copied for that.
  @usableFromInline
  final func delivered(to group: String, attempt: Int, _ delivery: DeliveryPlace) -> EventEnvelope {
    EventEnvelope(envelope, group: group, attempt: attempt, delivery)
  }

  /// The event as it was published.
  func event<Payload>(of type: EventType<Payload>) throws -> Event<Payload> {
    if let typed = self as? TypedMessage<Payload> { return Event(envelope: envelope, data: typed.data) }
    return try decodedEvent(of: type, envelope)
  }

  @usableFromInline
  @inline(never)
  func decodedEvent<Payload>(
    of type: EventType<Payload>, _ envelope: EventEnvelope
  ) throws -> Event<Payload> {
    if Payload.self == EventData.self, let data = EventData(self) as? Payload {
      return Event(envelope: envelope, data: data)
    }
    if let forwarded = self as? TypedMessage<EventData> {
      let inner = try forwarded.data.message.event(of: type)
      return Event(envelope: envelope.with(inner.envelope.definition), data: inner.data)
    }
    guard let payload = try encodedPayload(for: type) else {
      throw PayloadMismatch(type: envelope.type, expected: "\(Payload.self)", found: payloadName)
    }
    do {
      let data = try type.typed.decode(payload)
      return Event(envelope: envelope.with(type.erased), data: data)
    } catch {
      throw UndecodableEvent(type: envelope.type, id: envelope.id, error)
    }
  }

  /// The bytes to decode; `nil` for a payload in memory that is of another Swift type. One of another version
  /// goes by way of its bytes, as it would from a disk.
  private func encodedPayload<Payload>(for type: EventType<Payload>) throws -> EncodedPayload? {
    if value == nil || (envelope.dataVersion != type.version && type.coding != nil) { return try payload() }
    return nil
  }
}
