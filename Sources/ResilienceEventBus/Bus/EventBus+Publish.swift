public import ResilienceCore

extension EventBus {
  /// Publishes something that happened.
  ///
  /// Synchronous: it queues the event and returns. Trace and baggage of the enclosing call travel along.
  ///
  /// - Parameters:
  ///   - payload: What happened.
  ///   - type: Its type.
  ///   - subject: The ordering key; not empty. Default: none.
  ///   - deadline: When nobody waits for its effect any more: past it the event is a dead letter. Default:
  ///     never, even when the publisher's call has a deadline, since what has happened concerns others longer
  ///     than that call. Pass `CallContext.current.deadline` for work that is of use to the present caller
  ///     only.
  ///   - context: Where clock and trace come from. Default: that of the enclosing call.
  /// - Returns: The event as it was published.
  /// - Throws: ``QueueFull`` when a group has no room; ``InvalidEvent`` when the subject is empty.
  @discardableResult
  @inlinable
  public func publish<Payload>(
    _ payload: Payload, as type: EventType<Payload>, subject: String? = nil, deadline: Deadline = .never,
    context: CallContext = .current
  ) throws -> Event<Payload> {
    let event = try Event(
      source: source, type: type, subject: subject, data: payload, deadline: deadline, context: context)
    try publish(event, context: context)
    return event
  }

  /// Publishes an event as it is, with its id and its source; again, if it was published before.
  ///
  /// - Parameters:
  ///   - event: The event. Its ``EventEnvelope/attempt`` goes on counting.
  ///   - context: Where the clock comes from. Default: that of the enclosing call.
  /// - Throws: ``QueueFull`` when a group has no room.
  @inlinable
  public func publish<Payload>(_ event: Event<Payload>, context: CallContext = .current) throws {
    try enqueue(TypedMessage(event), context)
  }

  @usableFromInline
  func enqueue(_ message: Message, _ context: CallContext) throws {
    let full: String? = update { state in
      if let group = state.fullGroup(for: message.envelope.type, capacity: policy.queueCapacity) {
        return group
      }
      let groups = state.publish(message)
      note(.published(groups: groups), message.envelope, group: nil, attempt: message.envelope.attempt)
      return nil
    }
    if let full { throw queueFull(full, of: message.envelope.type, context) }
  }

  func queueFull(_ group: String, of type: String, _ context: CallContext) -> QueueFull {
    QueueFull(type: type, group: group, capacity: policy.queueCapacity, retryAt: context.readClock())
  }
}
