public import ResilienceCore

extension EventBus {
  /// Publishes an event later: it is delivered as if it were published then.
  ///
  /// Until then it is kept in memory, apart from the groups: a group that begins before its time gets it, and
  /// ``waitUntilIdle()`` does not wait for it. It is published while ``run()`` runs; when its time passes
  /// without, the next one does it at once. For a group that has no room then, and whose
  /// ``DeliveryPolicy/overflow`` is ``Overflow/refuse`` or ``Overflow/wait``, it becomes a dead letter.
  ///
  /// - Parameters:
  ///   - payload: What is to be said.
  ///   - type: Its type.
  ///   - delay: How long from now; zero or less is at once.
  ///   - subject: The ordering key; not empty. Default: none. What is published meanwhile comes before it.
  ///   - deadline: When nobody waits for its effect any more. Default: never.
  ///   - context: Where clock and trace come from. Default: that of the enclosing call.
  /// - Returns: The event.
  /// - Throws: ``InvalidEvent``; ``QueueFull`` when as many events are scheduled as one group may have
  ///   outstanding; ``PublishNeedsAwait`` on a bus with a broker, which would not keep it.
  @discardableResult
  public func publish<Payload>(
    _ payload: Payload, as type: EventType<Payload>, after delay: Duration, subject: String? = nil,
    deadline: Deadline = .never, context: CallContext = .current
  ) throws -> Event<Payload> {
    if hasBroker { throw PublishNeedsAwait(type: type.name) }
    let event = try Event(
      source: source, type: type, subject: subject, data: payload, deadline: deadline, context: context)
    let due = context.readClock().advanced(by: max(.zero, delay))
    let message = TypedMessage(event)
    if context.flags.contains(.outbox),
      try keep(message, later: OutboxScope.Later(due: due, delay: max(.zero, delay)))
    {
      return event
    }
    let isFull = update { state in
      guard state.scheduled.count < policy.queueCapacity else { return true }
      state.scheduled.insert(message, due: due)
      state.expect(due)
      note(.scheduled(after: max(.zero, delay)), message.envelope, group: nil, attempt: 0)
      return false
    }
    if isFull { throw queueFull("scheduled", of: type.name, context) }
    return event
  }
}
