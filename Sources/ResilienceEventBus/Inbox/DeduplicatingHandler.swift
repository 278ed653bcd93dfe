public import ResilienceCore

/// An event handler that does nothing on a second delivery; see ``ResilienceCore/Handler/deduplicate(_:)``.
public struct DeduplicatingHandler<Base: Handler, Payload: Sendable>: HandlerDecorator, BuiltInHandler
where Base.Input == Event<Payload>, Base.Output == Void {
  /// The wrapped handler.
  public let base: Base

  /// The kind `deduplicate`, and nothing else.
  public var layer: HandlerLayer? { HandlerLayer("deduplicate") }

  /// Where handled events are remembered.
  public let inbox: Inbox

  init(base: Base, inbox: Inbox) {
    self.base = base
    self.inbox = inbox
  }

  /// Calls the base unless the event was handled before.
  ///
  /// - Throws: What the base throws; ``EventInProgress``; `CancellationError` when the task is cancelled
  ///   while it waits for another delivery of the event.
  public nonisolated(nonsending) func handle(_ event: Event<Payload>, context: CallContext) async throws {
    _ = try await inbox.run(
      InboxKey(event.envelope), in: context,
      // As the bus sees it: a failure that is a value comes again too, an error that is a success does not.
      isHandled: { base.outcome(ofValue: $0).verdict != .failure },
      isHandledError: { base.judge($0, in: context).verdict == .success }
    ) {
      guard event.envelope.delivery.isStored else { return try await base.perform(event, in: context) }
      return try await OutboxScope.behindInbox { try await base.perform(event, in: context) }
    }
  }
}

extension Handler {
  /// Handles each event once, however often it is delivered.
  ///
  /// The event is reserved, handled, and remembered when the handler has succeeded; a failure releases it, so
  /// that its redelivery is handled. A second delivery that comes meanwhile waits for the end of the first,
  /// for as long as ``ResilienceEventBus/InboxPolicy/lease`` at most: then it is refused with
  /// ``ResilienceEventBus/EventInProgress``, and comes again later.
  ///
  /// A handler keeps its reservation as long as it runs. One that was cancelled, as by the end of the
  /// delivery's lease, and does not end has the rest of the inbox's lease: then another delivery may begin
  /// beside it. Should it succeed all the same, the event is remembered, and there is no third handling.
  ///
  /// Put it around everything that repeats within one delivery: the attempts of a retry or a hedge inside are
  /// then one handling of the event, and a duplicate takes no permits and is no call to a breaker. Inside a
  /// retry it does the same as far as failures go, as each failed attempt releases the event; the second
  /// attempt of a hedge waits for the first. What may leave its work running, as `.timeout(_:abandoning:)`
  /// does, goes around it: the work that was left keeps its reservation, as above. Inside, it would let the
  /// event go while its handler runs.
  ///
  /// A duplicate that was dropped is a success to the bus. A call observer is told of it, with
  /// ``ResilienceEventBus/DuplicateDropped``, and the inbox counts it, in
  /// ``ResilienceEventBus/InboxSnapshot/duplicates``; the bus's `onEvent` sees a delivery as any other.
  ///
  /// - Parameter inbox: Where handled events are remembered; may be shared by several handlers.
  public func deduplicate<Payload>(_ inbox: Inbox) -> DeduplicatingHandler<Self, Payload>
  where Input == Event<Payload>, Output == Void {
    DeduplicatingHandler(base: self, inbox: inbox)
  }
}
