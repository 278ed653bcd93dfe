public import ResilienceCore

extension EventBus {
  /// Publishes an event that came from another process, as it is: with its id, its source, its time and its
  /// bytes.
  ///
  /// Each subscriber's event type decodes it when it is delivered; for one that cannot it is a dead letter,
  /// ``DeadLetter/Reason/undecodable``.
  ///
  /// - Parameters:
  ///   - event: The event. Its `deliveryattempt` goes on counting; with a ``EncodedEvent/notBefore`` it is
  ///     delivered then, as by `publish(_:as:after:)`.
  ///   - context: Where clock and trace come from. Default: that of the enclosing call.
  /// - Throws: ``QueueFull`` when a group has no room; ``InvalidEvent`` when an attribute of ours, such as
  ///   `expirytime`, cannot be read; `CancellationError` when the task is cancelled while it waits for room.
  public func publish(_ event: EncodedEvent, context: CallContext = .current) async throws {
    if event.extensions[OwnExtensions.notBefore] != nil,
      let due = try event.time(OwnExtensions.notBefore)
    {
      let delay = due.nanoseconds.subtractingSaturating(context.clock.unixTime.nanoseconds)
      if delay > 0 {
        return try await publish(EncodedMessage(event, context), after: .nanoseconds(delay), context)
      }
    }
    try await publish(EncodedMessage(event, context), context)
  }
}
