public import ResilienceCore

/// A handler whose events appear only if it succeeds; see ``ResilienceCore/Handler/outbox(_:)``.
public struct OutboxHandler<Base: Handler>: HandlerDecorator, BuiltInHandler {
  /// The wrapped handler.
  public let base: Base

  /// The bus whose events are kept.
  public let bus: EventBus

  /// The kind `outbox`, and nothing else.
  public var layer: HandlerLayer? { HandlerLayer("outbox") }

  init(base: Base, bus: EventBus) {
    self.base = base
    self.bus = bus
  }

  /// Calls the base, then publishes what it has published, if it succeeded.
  ///
  /// - Throws: What the base throws; ``QueueFull`` when a group has no room for all of it: then nothing was
  ///   published.
  public nonisolated(nonsending) func handle(_ input: Base.Input, context: CallContext) async throws
    -> Base.Output
  {
    let scope = OutboxScope(for: bus)
    // A task that the handler leaves running finds it closed, whatever the way out.
    defer { _ = scope.close() }
    var inner = context
    inner.flags.formUnion([.outbox, .changed])
    let bound = inner
    let output: Base.Output
    do {
      output = try await scope.bind { try await base.perform(input, in: bound) }
    } catch {
      if base.judge(error, in: context).verdict == .success {
        try await bus.publish(scope, for: input, context)
      }
      throw error
    }
    // As the bus sees it: only a failure comes again.
    if base.outcome(ofValue: output).verdict != .failure {
      try await bus.publish(scope, for: input, context)
    }
    return output
  }
}

extension Handler {
  /// Publishes what the handler publishes if, and only if, it succeeds: all in the order in which it did, or
  /// none.
  ///
  /// ```swift
  /// let place = EventHandler("order.place") { (event: Event<Checkout>) in
  ///   try await orders.insert(event.data)
  ///   try await bus.publish(OrderPlaced(event.data), as: .orderPlaced, subject: event.data.customer)
  ///   try await pay(event.data)
  /// }.outbox(bus).deduplicate(inbox)
  /// ```
  ///
  /// What fails is handled again, and without it would publish again. Success is what it is to the bus: a
  /// value that is not classified as a failure, or an error that is classified as a success.
  ///
  /// All forms of `publish` and `reply` of this bus are kept: in the handler, in the calls that it makes and
  /// in its child tasks, and published later after a delay that begins with the call. They return at once,
  /// and do not wait for room. What goes to another bus is published directly. A request fails with
  /// ``ResilienceEventBus/RequestInOutbox``. A task that outlives the handler gets
  /// ``ResilienceEventBus/OutboxClosed``.
  ///
  /// When a group has no room for all of the events, none is published, and the call fails with
  /// ``ResilienceEventBus/QueueFull``: an event's delivery comes again. ``ResilienceEventBus/Overflow/wait``
  /// is as ``ResilienceEventBus/Overflow/refuse`` here. On a bus with a broker the events are settled
  /// together with the event that the handler handles: after a crash both are done, or neither, where the
  /// broker can. Behind a `.deduplicate` they are stored before the event is remembered, so that none is
  /// lost; a crash in between publishes them twice. Behind an outbox of the same bus, the outer one keeps the
  /// events of the inner.
  ///
  /// Put it next to the handler: around a retry it would publish the events of attempts that failed, and
  /// around a `.deduplicate` the event would be remembered before its events are published.
  ///
  /// - Parameter bus: The bus.
  public func outbox(_ bus: EventBus) -> OutboxHandler<Self> {
    OutboxHandler(base: self, bus: bus)
  }
}
