public import ResilienceCore

extension EncodedEvent {
  /// The event with its payload decoded, by way of the type's versions.
  ///
  /// It keeps its id, source and time; without a time it gets that of this moment. Its deadline is counted on
  /// the present clock again. The trace is that of its `traceparent`, else that of the enclosing call.
  ///
  /// - Parameters:
  ///   - type: What it is expected to be.
  ///   - context: Where clock and trace come from. Default: that of the enclosing call.
  /// - Throws: ``UndecodableEvent``, also when it is of another type; ``InvalidEvent`` when an attribute of
  ///   ours, such as `expirytime`, cannot be read.
  public func event<Payload>(
    as type: EventType<Payload>, context: CallContext = .current
  ) throws -> Event<Payload> {
    guard self.type.isIdentical(to: type.name) else {
      throw UndecodableEvent(type: self.type, id: id, PayloadError("it is no \"\(type.name)\""))
    }
    return try EncodedMessage(self, context).event(of: type)
  }
}

extension Event {
  /// The event as attributes and bytes, for another process.
  ///
  /// The deadline travels as a time of the wall clock: the event may be stored on the way.
  ///
  /// - Parameter context: Where the clock comes from. Default: that of the enclosing call.
  /// - Throws: ``NoEventCoding`` when the payload has no form as bytes; what its coding throws;
  ///   ``InvalidEvent`` for an extension or a companion that is not allowed.
  public func encoded(context: CallContext = .current) throws -> EncodedEvent {
    try TypedMessage(self).encoded(context)
  }
}
