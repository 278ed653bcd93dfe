public import ResilienceCore

extension EventBus {
  /// Publishes something that happened.
  ///
  /// It queues the event and returns; with a group whose ``DeliveryPolicy/overflow`` is ``Overflow/wait`` it
  /// waits for room. Trace and baggage of the enclosing call travel along.
  ///
  /// - Parameters:
  ///   - payload: What happened.
  ///   - type: Its type.
  ///   - subject: The ordering key; not empty. Default: none.
  ///   - deadline: When nobody waits for its effect any more: past it the event is a dead letter. Default:
  ///     never, even when the publisher's call has a deadline, since what has happened concerns others longer
  ///     than that call. Pass `CallContext.current.deadline` for work that is of use to the present caller
  ///     only.
  ///   - context: Where clock and trace come from; its deadline ends a wait for room. Default: that of the
  ///     enclosing call.
  /// - Returns: The event as it was published.
  /// - Throws: ``QueueFull`` when a group has no room, also when there was none before the call's deadline;
  ///   ``InvalidEvent`` when the subject is empty; `CancellationError` when the task is cancelled while it
  ///   waits: then nothing was published.
  @discardableResult
  @inlinable
  public func publish<Payload>(
    _ payload: Payload, as type: EventType<Payload>, subject: String? = nil, deadline: Deadline = .never,
    context: CallContext = .current
  ) async throws -> Event<Payload> {
    let event = try Event(
      source: source, type: type, subject: subject, data: payload, deadline: deadline, context: context)
    try await publish(event, context: context)
    return event
  }

  /// Publishes an event as it is, with its id and its source; again, if it was published before.
  ///
  /// - Parameters:
  ///   - event: The event. Its ``EventEnvelope/attempt`` goes on counting.
  ///   - context: Where the clock comes from. Default: that of the enclosing call.
  /// - Throws: ``QueueFull`` when a group has no room; `CancellationError`.
  @inlinable
  public func publish<Payload>(_ event: Event<Payload>, context: CallContext = .current) async throws {
    try await publish(TypedMessage(event), context)
  }

  /// Publishes something that happened, from code that is not asynchronous.
  ///
  /// As in asynchronous code, but it never waits: ``Overflow/wait`` is as ``Overflow/refuse``, and a bus with
  /// a broker throws ``PublishNeedsAwait``.
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

  /// Publishes an event as it is, from code that is not asynchronous; it never waits.
  @inlinable
  public func publish<Payload>(_ event: Event<Payload>, context: CallContext = .current) throws {
    if hasBroker {
      try keepOrRefuse(TypedMessage(event), context)
    } else {
      _ = try enqueue(TypedMessage(event), context, mayWait: false)
    }
  }

  @inlinable
  func publish(_ message: Message, _ context: CallContext) async throws {
    if hasBroker { return try await store(message, context) }
    if let wait = try enqueue(message, context, mayWait: true) {
      try await enqueueSlowly(message, context, wait)
    }
  }

  /// - Returns: What to wait for before another try, when there is no room.
  @usableFromInline
  func enqueue(_ message: Message, _ context: CallContext, mayWait: Bool) throws -> RoomWait? {
    if context.flags.contains(.outbox), try keep(message) { return nil }
    // Read before: a clock is not called under the lock. Only where something may have to make room.
    var leavers: [EventBusState.Leaver] = []
    let publication = update { state in
      let publication = state.publish(message, capacity: policy.queueCapacity, mayWait: mayWait)
      if case .queued(let groups, let made) = publication {
        note(.published(groups: groups), message.envelope, group: nil, attempt: message.envelope.attempt)
        leavers = made
      }
      return publication
    }
    switch publication {
    case .queued:
      if !leavers.isEmpty { letGo(leavers, at: context.clock.unixTime) }
      return nil
    case .full(let group):
      throw queueFull(group, of: message.envelope.type, context)
    case .wait(let place, let group):
      return RoomWait(place: place, group: group)
    }
  }

  @usableFromInline
  func enqueueSlowly(_ message: Message, _ context: CallContext, _ first: RoomWait) async throws {
    var next: RoomWait? = first
    while let wait = next {
      let resolution = await wait.place.turn.wait(until: context.deadline.instant, on: context.clock)
      do {
        if resolution == .cancelled { throw CancellationError() }
        let isTooLate = context.deadline.hasPassed(at: context.readClock())
        next = try enqueue(message, context, mayWait: !isTooLate)
      } catch {
        passRoomOn(wait)
        throw error
      }
      if next != nil { passRoomOn(wait) }
    }
  }

  func passRoomOn(_ wait: RoomWait) {
    update { $0.passRoomOn(wait.place, in: wait.group, capacity: policy.queueCapacity) }
  }

  func queueFull(_ group: String, of type: String, _ context: CallContext) -> QueueFull {
    QueueFull(type: type, group: group, capacity: policy.queueCapacity, retryAt: context.readClock())
  }
}

/// A publisher's wait for room in a group.
@usableFromInline
struct RoomWait: Sendable {
  let place: WaitingQueue.Place
  /// The group's number.
  let group: Int
}
