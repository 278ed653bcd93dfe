public import ResilienceCore

// MARK: - Publishing

extension EventBus {
  /// Publishes something that happened.
  ///
  /// Synchronous: it queues the event and returns. Trace and baggage of the enclosing call travel along.
  ///
  /// - Parameters:
  ///   - payload: What happened.
  ///   - type: Its type.
  ///   - subject: The ordering key; not empty. Default: none.
  ///   - deadline: When nobody waits for its effect any more: past it the event is a dead letter. Default: never, even
  ///     when the publisher's call has a deadline, since what has happened concerns others longer than that call. Pass
  ///     `CallContext.current.deadline` for work that is of use to the present caller only.
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

  /// Gives a dead letter another chance: it is queued for its group alone, as if it had not been delivered, and without
  /// its deadline, which has done its work.
  ///
  /// - Parameters:
  ///   - letter: A letter of this bus.
  ///   - context: Where the clock comes from. Default: that of the enclosing call.
  /// - Returns: Whether it was queued; `false` when the letter or its group is gone.
  /// - Throws: ``QueueFull`` when the group has no room; the letter stays.
  @discardableResult
  public func redrive(_ letter: DeadLetter, context: CallContext = .current) throws -> Bool {
    let message = letter.message.renewed()
    let isQueued: Bool? = update { state in
      guard let group = state.group(named: letter.group, of: letter.event.type) else { return false }
      guard state.groups[group].queue.count < policy.queueCapacity else { return nil }
      guard deadLetters.remove(letter) else { return false }
      state.enqueue(message, in: group)
      return true
    }
    guard let isQueued else { throw queueFull(letter.group, of: letter.event.type, context) }
    return isQueued
  }

  private func queueFull(_ group: String, of type: String, _ context: CallContext) -> QueueFull {
    QueueFull(type: type, group: group, capacity: policy.queueCapacity, retryAt: context.readClock())
  }
}

// MARK: - Subscribing

extension EventBus {
  /// Subscribes to what is published from now on.
  ///
  /// - Parameters:
  ///   - type: What to handle.
  ///   - group: Who handles it: each group gets every event, and one of its subscriptions handles it. Not empty.
  ///   - policy: How this subscription's deliveries are made.
  ///   - budget: The budget of the destination that the handler calls, shared with its retries and hedges. An event is
  ///     never given up for want of a token: its redelivery is put off by the backoff's longest delay. What a layer of the
  ///     handler refused put no load on the destination, so that its redelivery takes none. Default: none; what the
  ///     handler calls has budgets of its own.
  ///   - handler: What handles an event. Its context has the event's deadline and trace and the number of the
  ///     delivery, and what it calls inherits them.
  /// - Returns: A handle to cancel it with.
  @discardableResult
  @inlinable
  public func subscribe<Payload>(
    to type: EventType<Payload>, group: String, policy: DeliveryPolicy = DeliveryPolicy(),
    budget: RetryBudget? = nil, handler: some Handler<Event<Payload>, Void>
  ) -> Subscription {
    subscribe(type: type.name, group: group, policy, budget, Consumer(handler), isResponder: false)
  }

  @usableFromInline
  func subscribe(
    type: String, group: String, _ policy: DeliveryPolicy, _ budget: RetryBudget?, _ handler: Consumer,
    isResponder: Bool
  ) -> Subscription {
    precondition(!group.isEmpty, "a group's name must not be empty, was \"\(group)\"")
    let id = update {
      $0.subscribe(
        type: type, group: group, handler: handler, policy: policy, budget: budget, isResponder: isResponder)
    }
    return Subscription(type: type, group: group, id: id, bus: self)
  }

  func unsubscribe(_ id: Int, type: String, group: String) {
    update { $0.unsubscribe(id, type: type, group: group) }
  }

  /// Ends a group: its subscriptions are cancelled, and what it has outstanding is a dead letter.
  ///
  /// Handlers that run finish; should they fail, their event is a dead letter too.
  public func removeGroup<Payload>(_ group: String, of type: EventType<Payload>) {
    let time = CallContext.current.clock.unixTime
    let unspent = update { state in
      let (orphans, unspent) = state.removeGroup(group, of: type.name)
      for orphan in orphans {
        bury(orphan, group, .noSubscriber, nil, deliveries: orphan.attempt, time, &state)
      }
      return unspent
    }
    for budget in unspent { budget.refundRetry() }
  }
}
