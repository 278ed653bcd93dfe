public import ResilienceCore

extension EventBus {
  /// Publishes an event that came from another process, as it is: with its id, its source, its time and its
  /// bytes.
  ///
  /// Each subscriber's event type decodes it when it is delivered; for one that cannot it is a dead letter,
  /// ``DeadLetter/Reason/undecodable``.
  ///
  /// - Parameters:
  ///   - event: The event. Its `deliveryattempt` goes on counting.
  ///   - context: Where clock and trace come from. Default: that of the enclosing call.
  /// - Throws: ``QueueFull`` when a group has no room; ``InvalidEvent`` when an attribute of ours, such as
  ///   `expirytime`, cannot be read; `CancellationError` when the task is cancelled while it waits for room.
  public func publish(_ event: EncodedEvent, context: CallContext = .current) async throws {
    try await publish(EncodedMessage(event, context), context)
  }
}
