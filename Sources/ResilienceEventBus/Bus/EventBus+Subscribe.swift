public import ResilienceCore

extension EventBus {
  /// Subscribes to what is published from now on.
  ///
  /// - Parameters:
  ///   - type: What to handle.
  ///   - group: Who handles it: each group gets every event, and one of its subscriptions handles it. Not
  ///     empty.
  ///   - policy: How the group's deliveries are made: the same in each of its subscriptions.
  ///   - budget: The budget of the destination that the handler calls, the same in each of the group's
  ///     subscriptions, shared with its retries and hedges. An
  ///     event is never given up for want of a token: its redelivery is put off by the backoff's longest
  ///     delay. What a layer of the handler refused put no load on the destination, so that its redelivery
  ///     takes none. Default: none; what the handler calls has budgets of its own.
  ///   - handler: What handles an event. Its context has the event's deadline and trace and the number of the
  ///     delivery, and what it calls inherits them.
  /// - Returns: A handle to cancel it with.
  /// - Throws: ``GroupConflict`` when the group has another policy or budget.
  @discardableResult
  @inlinable
  public func subscribe<Payload>(
    to type: EventType<Payload>, group: String, policy: DeliveryPolicy = DeliveryPolicy(),
    budget: RetryBudget? = nil, handler: some Handler<Event<Payload>, Void>
  ) throws(GroupConflict) -> Subscription {
    try subscribe(
      to: .type(type.name), group: group, policy, budget, Consumer(handler, of: type), isResponder: false)
  }

  /// Subscribes to what is published from now on, with a closure.
  ///
  /// ```swift
  /// try bus.subscribe(to: orderPlaced, group: "billing") { event in try await bill(event.data) }
  /// ```
  ///
  /// - Parameters:
  ///   - type: What to handle.
  ///   - group: Who handles it; also the handler's name. Not empty.
  ///   - policy: How the group's deliveries are made: the same in each of its subscriptions.
  ///   - budget: The budget of the destination that the handler calls. Default: none.
  ///   - body: What handles an event.
  /// - Returns: A handle to cancel it with.
  /// - Throws: ``GroupConflict`` when the group has another policy or budget.
  @discardableResult
  @inlinable
  public func subscribe<Payload>(
    to type: EventType<Payload>, group: String, policy: DeliveryPolicy = DeliveryPolicy(),
    budget: RetryBudget? = nil,
    _ body: nonisolated(nonsending) @escaping @Sendable (_ event: Event<Payload>) async throws -> Void
  ) throws(GroupConflict) -> Subscription {
    try subscribe(to: type, group: group, policy: policy, budget: budget, handler: EventHandler(group, body))
  }

  /// Subscribes to all events, or those whose type begins in some way: for audits and forwarders.
  ///
  /// ```swift
  /// try bus.subscribe(matching: .prefix("order."), group: "audit") { event in
  ///   try await log.append(event.encoded().json())
  /// }
  /// ```
  ///
  /// Each such group is looked at for each event that is published; a handful costs nothing to speak of.
  ///
  /// - Parameters:
  ///   - filter: What to handle.
  ///   - group: Who handles it; also the handler's name. Not empty.
  ///   - policy: How the group's deliveries are made: the same in each of its subscriptions.
  ///   - body: What handles an event, whose payload is as it was published: ``EventData``.
  /// - Returns: A handle to cancel it with.
  /// - Throws: ``GroupConflict`` when the group has another policy.
  @discardableResult
  public func subscribe(
    matching filter: EventFilter, group: String, policy: DeliveryPolicy = DeliveryPolicy(),
    _ body: nonisolated(nonsending) @escaping @Sendable (_ event: Event<EventData>) async throws -> Void
  ) throws(GroupConflict) -> Subscription {
    try subscribe(matching: filter, group: group, policy: policy, handler: EventHandler(group, body))
  }

  /// Subscribes to all events, or those whose type begins in some way, with a handler.
  ///
  /// - Parameters:
  ///   - filter: What to handle.
  ///   - group: Who handles it. Not empty.
  ///   - policy: How the group's deliveries are made: the same in each of its subscriptions.
  ///   - budget: The budget of the destination that the handler calls. Default: none.
  ///   - handler: What handles an event.
  /// - Returns: A handle to cancel it with.
  /// - Throws: ``GroupConflict`` when the group has another policy or budget.
  @discardableResult
  public func subscribe(
    matching filter: EventFilter, group: String, policy: DeliveryPolicy = DeliveryPolicy(),
    budget: RetryBudget? = nil, handler: some Handler<Event<EventData>, Void>
  ) throws(GroupConflict) -> Subscription {
    try subscribe(
      to: filter, group: group, policy, budget, Consumer(handler, of: EventType<EventData>("*")),
      isResponder: false)
  }

  /// Has a group's events delivered by another policy from now on.
  ///
  /// What is queued stays; a delivery that runs, or waits for its redelivery, ends by the old one.
  ///
  /// - Parameters:
  ///   - policy: The policy.
  ///   - group: The group.
  ///   - type: What it gets.
  /// - Returns: Whether there is such a group.
  @discardableResult
  public func update<Payload>(
    _ policy: DeliveryPolicy, forGroup group: String, of type: EventType<Payload>
  ) -> Bool {
    update(policy, forGroup: group, matching: .type(type.name))
  }

  /// Has the events of a group of several types delivered by another policy from now on.
  ///
  /// - Returns: Whether there is such a group.
  @discardableResult
  public func update(
    _ policy: DeliveryPolicy, forGroup group: String, matching filter: EventFilter
  ) -> Bool {
    update { $0.update(policy, of: group, filter) }
  }

  @usableFromInline
  func subscribe(
    to filter: EventFilter, group: String, _ policy: DeliveryPolicy, _ budget: RetryBudget?,
    _ handler: Consumer, isResponder: Bool
  ) throws(GroupConflict) -> Subscription {
    precondition(!group.isEmpty, "a group's name must not be empty, was \"\(group)\"")
    let id = try update { state throws(GroupConflict) in
      try state.subscribe(
        to: filter, group: group, handler: handler, policy: policy, budget: budget, isResponder: isResponder,
        broker: broker)
    }
    return Subscription(filter: filter, group: group, id: id, bus: self)
  }

  func unsubscribe(_ id: Int, from group: String, of filter: EventFilter) {
    update { $0.unsubscribe(id, from: group, of: filter) }
  }
}
