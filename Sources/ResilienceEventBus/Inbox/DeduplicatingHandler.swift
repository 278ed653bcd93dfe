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
  /// - Throws: What the base throws; ``EventInProgress``.
  public nonisolated(nonsending) func handle(_ event: Event<Payload>, context: CallContext) async throws {
    _ = try await inbox.run(
      InboxKey(event.envelope), in: context,
      // As the bus sees it: a failure that is a value comes again too, an error that is a success does not.
      isHandled: { base.outcome(ofValue: $0).verdict != .failure },
      isHandledError: { base.judge($0, in: context).verdict == .success }
    ) {
      try await base.perform(event, in: context)
    }
  }
}

extension Handler {
  /// Handles each event once, however often it is delivered.
  ///
  /// The event is reserved, handled, and remembered when the handler has succeeded; a failure releases it, so
  /// that its redelivery is handled. While it is being handled, a second delivery is refused with
  /// ``ResilienceEventBus/EventInProgress`` and comes again later.
  ///
  /// Put it around everything that repeats within one delivery: the attempts of a retry or a hedge inside are
  /// then one handling of the event, and a duplicate takes no permits and is no call to a breaker. Inside a
  /// retry it does the same as far as failures go, as each failed attempt releases the event; but the retry
  /// then also waits for what another delivery handles, and the second attempt of a hedge is refused as long
  /// as the first one runs. What may leave its work running, as `.timeout(_:abandoning:)` does, goes around
  /// it: what is inside would let the event go while its handler runs.
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
