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
  /// ``ResilienceEventBus/EventInProgress`` and comes again later. Put it directly around the handler, inside
  /// everything that repeats.
  ///
  /// - Parameter inbox: Where handled events are remembered; may be shared by several handlers.
  public func deduplicate<Payload>(_ inbox: Inbox) -> DeduplicatingHandler<Self, Payload>
  where Input == Event<Payload>, Output == Void {
    DeduplicatingHandler(base: self, inbox: inbox)
  }
}
