public import ResilienceCore

extension EventBus {
  /// Subscribes to what is published from now on.
  ///
  /// - Parameters:
  ///   - type: What to handle.
  ///   - group: Who handles it: each group gets every event, and one of its subscriptions handles it. Not
  ///     empty.
  ///   - policy: How this subscription's deliveries are made.
  ///   - budget: The budget of the destination that the handler calls, shared with its retries and hedges. An
  ///     event is never given up for want of a token: its redelivery is put off by the backoff's longest
  ///     delay. What a layer of the handler refused put no load on the destination, so that its redelivery
  ///     takes none. Default: none; what the handler calls has budgets of its own.
  ///   - handler: What handles an event. Its context has the event's deadline and trace and the number of the
  ///     delivery, and what it calls inherits them.
  /// - Returns: A handle to cancel it with.
  @discardableResult
  @inlinable
  public func subscribe<Payload>(
    to type: EventType<Payload>, group: String, policy: DeliveryPolicy = DeliveryPolicy(),
    budget: RetryBudget? = nil, handler: some Handler<Event<Payload>, Void>
  ) -> Subscription {
    subscribe(type: type.name, group: group, policy, budget, Consumer(handler, of: type), isResponder: false)
  }

  /// Subscribes to what is published from now on, with a closure.
  ///
  /// ```swift
  /// bus.subscribe(to: orderPlaced, group: "billing") { event in try await bill(event.data) }
  /// ```
  ///
  /// - Parameters:
  ///   - type: What to handle.
  ///   - group: Who handles it; also the handler's name. Not empty.
  ///   - policy: How this subscription's deliveries are made.
  ///   - budget: The budget of the destination that the handler calls. Default: none.
  ///   - body: What handles an event.
  /// - Returns: A handle to cancel it with.
  @discardableResult
  @inlinable
  public func subscribe<Payload>(
    to type: EventType<Payload>, group: String, policy: DeliveryPolicy = DeliveryPolicy(),
    budget: RetryBudget? = nil,
    _ body: nonisolated(nonsending) @escaping @Sendable (_ event: Event<Payload>) async throws -> Void
  ) -> Subscription {
    subscribe(to: type, group: group, policy: policy, budget: budget, handler: EventHandler(group, body))
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
}
