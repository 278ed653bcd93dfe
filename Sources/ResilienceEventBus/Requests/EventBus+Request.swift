public import ResilienceCore

extension EventBus {
  /// Publishes a request and waits for the reply.
  ///
  /// ```swift
  /// let page = try await bus.request(
  ///   ProductQuery(code: "85123A"), as: .queryProduct, expecting: .productDetails, timeout: .seconds(1))
  /// ```
  ///
  /// The request's deadline travels with it: a responder that comes too late does not begin.
  ///
  /// - Parameters:
  ///   - payload: The request.
  ///   - type: Its type.
  ///   - replyType: The type of the reply; another one than the request's.
  ///   - subject: The ordering key; not empty. Default: none.
  ///   - timeout: The longest wait; the enclosing call's deadline may end it earlier. With zero or less there
  ///     is no time left: it is not published. Default: 30 s, so that no request waits for ever.
  ///   - context: Where clock, trace and deadline come from. Default: that of the enclosing call.
  /// - Returns: The first reply.
  /// - Throws: ``RequestTimedOut``; ``RequestFailed`` when the responder's group was given up on it;
  ///   ``NoResponder`` when nobody would handle the request; ``RequestWaitsForItself`` when only the handlers
  ///   that wait for replies could; ``RequestInOutbox`` behind an outbox of this bus; ``QueueFull``;
  ///   ``InvalidEvent``; ``UndecodableEvent`` for a reply in bytes that `replyType` cannot read;
  ///   `CancellationError`.
  public func request<Payload, Reply>(
    _ payload: Payload, as type: EventType<Payload>, expecting replyType: EventType<Reply>,
    subject: String? = nil, timeout: Duration = .seconds(30), context: CallContext = .current
  ) async throws -> Reply {
    requireTwoTypes(type.name, replyType.name)
    try Task.checkCancellation()
    if context.flags.contains(.outbox), OutboxScope.current(for: self) != nil {
      throw RequestInOutbox(type: type.name)
    }
    var context = context
    let now = context.readClock()
    context.tightenDeadline(to: Deadline(at: now.advanced(by: timeout)))
    let deadline = context.deadline
    var request = try Event(
      source: source, type: type, subject: subject, data: payload, deadline: deadline, context: context)
    request.envelope.correlationID = request.id
    request.envelope.replyTo = replyType.name
    let waiter = Waiter("EventBus.request")
    let own = try ask(request, replyType: replyType.name, waiter, context)
    let resolution = await waiter.wait(until: deadline.instant, on: context.clock)
    switch update({ $0.takeAnswer(request.id, own: own) }) {
    case .reply(let message):
      return try message.event(of: replyType).data
    case .failure(.expired):
      throw RequestTimedOut(type: type.name, id: request.id, waited: now.duration(to: deadline.instant))
    case .failure(let reason):
      throw RequestFailed(type: type.name, id: request.id, reason: reason)
    case nil:
      guard resolution == .granted else { throw CancellationError() }
      throw RequestTimedOut(type: type.name, id: request.id, waited: now.duration(to: deadline.instant))
    }
  }

  /// A responder that gets its own replies answers them too, for ever.
  @usableFromInline
  func requireTwoTypes(_ type: String, _ replyType: String) {
    precondition(type != replyType, "requests and their replies must not be of one type, was \"\(type)\"")
  }

  /// - Returns: The group whose handler asks, when it asks its own.
  private func ask<Payload>(
    _ request: Event<Payload>, replyType: String, _ waiter: Waiter, _ context: CallContext
  ) throws -> Int? {
    if request.deadline.hasPassed(at: context.readClock()) {
      throw RequestTimedOut(type: request.type, id: request.id, waited: .zero)
    }
    let mark = context.flags.deliveryGroup
    let own = try update { state throws(any Error) in
      try state.addRequest(request.envelope, replyType: replyType, from: mark, waiter)
    }
    do {
      // In memory, also on a bus with a broker.
      _ = try enqueue(TypedMessage(request), context, mayWait: false)
    } catch {
      _ = update { $0.takeAnswer(request.id, own: own) }
      throw error
    }
    return own
  }

  /// Answers requests: what the handler returns is published as the reply.
  ///
  /// - Parameters:
  ///   - type: The requests' type.
  ///   - replyType: The replies' type; another one than the requests'.
  ///   - group: Who answers; not empty. One group of a type should: the requester takes the first reply.
  ///   - policy: How this subscription's deliveries are made. A request is delivered again like any event, as
  ///     long as its deadline allows.
  ///   - budget: As in ``subscribe(to:group:policy:budget:handler:)``. Default: none.
  ///   - handler: Turns a request into the reply. Whatever it returns is sent, also what is classified as a
  ///     failure.
  /// - Returns: A handle to cancel it with.
  /// - Throws: ``GroupConflict`` when the group has another policy or budget.
  @discardableResult
  @inlinable
  public func respond<Payload, Reply>(
    to type: EventType<Payload>, with replyType: EventType<Reply>, group: String,
    policy: DeliveryPolicy = DeliveryPolicy(), budget: RetryBudget? = nil,
    handler: some Handler<Event<Payload>, Reply>
  ) throws(GroupConflict) -> Subscription {
    requireTwoTypes(type.name, replyType.name)
    return try subscribe(
      to: .type(type.name), group: group, policy, budget,
      Consumer(handler, of: type, replyingWith: replyType),
      isResponder: true)
  }

  /// Publishes a reply, which goes to the requester, and to whoever subscribes to its type.
  ///
  /// For handlers that answer later, or not always; ``respond(to:with:group:policy:budget:handler:)`` does it
  /// by itself.
  ///
  /// - Parameters:
  ///   - request: What is answered.
  ///   - payload: The reply.
  ///   - type: The type that the requester expects: ``EventEnvelope/replyTo``.
  ///   - context: Where clock and trace come from. Default: that of the enclosing call. Its deadline does not
  ///     bind the reply.
  /// - Throws: ``InvalidEvent``; ``QueueFull`` when a group that subscribes to replies has no room.
  public func reply<Payload, Reply>(
    to request: Event<Payload>, with payload: Reply, as type: EventType<Reply>,
    context: CallContext = .current
  ) throws {
    var reply = try Event(
      source: source, type: type, subject: request.subject, data: payload, context: context)
    reply.envelope.correlationID = request.correlationID ?? request.id
    _ = try enqueue(TypedMessage(reply), context, mayWait: false)
  }
}
