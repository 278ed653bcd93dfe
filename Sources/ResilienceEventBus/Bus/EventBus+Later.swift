public import ResilienceCore

extension EventBus {
  /// Publishes an event later: it is delivered as if it were published then.
  ///
  /// Until then it is kept apart from the groups, by the broker if there is one, else in memory: a group that
  /// begins before its time gets it, and ``waitUntilIdle()`` does not wait for it. It is published while
  /// ``run()`` runs; when its time passes without, the next one does it at once. For a group of a bus in
  /// memory that has no room then, and whose ``DeliveryPolicy/overflow`` is ``Overflow/refuse`` or
  /// ``Overflow/wait``, it becomes a dead letter.
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
  ///   outstanding; what the broker throws.
  @discardableResult
  public func publish<Payload>(
    _ payload: Payload, as type: EventType<Payload>, after delay: Duration, subject: String? = nil,
    deadline: Deadline = .never, context: CallContext = .current
  ) async throws -> Event<Payload> {
    let event = try Event(
      source: source, type: type, subject: subject, data: payload, deadline: deadline, context: context)
    try await publish(TypedMessage(event), after: max(.zero, delay), context)
    return event
  }

  /// Publishes an event later, from code that is not asynchronous.
  ///
  /// As in asynchronous code, but a bus with a broker throws ``PublishNeedsAwait``.
  @discardableResult
  public func publish<Payload>(
    _ payload: Payload, as type: EventType<Payload>, after delay: Duration, subject: String? = nil,
    deadline: Deadline = .never, context: CallContext = .current
  ) throws -> Event<Payload> {
    let event = try Event(
      source: source, type: type, subject: subject, data: payload, deadline: deadline, context: context)
    let (message, delay) = (TypedMessage(event), max(.zero, delay))
    if try keep(message, after: delay, context) { return event }
    if hasBroker { throw PublishNeedsAwait(type: type.name) }
    try schedule(message, after: delay, context)
    return event
  }

  func publish(_ message: Message, after delay: Duration, _ context: CallContext) async throws {
    if try keep(message, after: delay, context) { return }
    guard let broker else { return try schedule(message, after: delay, context) }
    var event = try message.encoded(context)
    event.notBefore = context.clock.unixTime.advanced(by: delay)
    try await makeGroups()
    try await broker.publish([event])
    update { _ in noteScheduled(message, after: delay) }
  }

  private func keep(_ message: Message, after delay: Duration, _ context: CallContext) throws -> Bool {
    guard context.flags.contains(.outbox) else { return false }
    let due = context.readClock().advanced(by: delay)
    return try keep(message, later: OutboxScope.Later(due: due, delay: delay))
  }

  private func schedule(_ message: Message, after delay: Duration, _ context: CallContext) throws {
    let due = context.readClock().advanced(by: delay)
    let isFull = update { state in
      guard state.scheduled.count < policy.queueCapacity else { return true }
      state.scheduled.insert(message, due: due)
      state.expect(due)
      noteScheduled(message, after: delay)
      return false
    }
    if isFull { throw queueFull("scheduled", of: message.envelope.type, context) }
  }

  /// Called while the lock is held.
  func noteScheduled(_ message: Message, after delay: Duration) {
    note(.scheduled(after: delay), message.envelope, group: nil, attempt: 0)
  }
}
