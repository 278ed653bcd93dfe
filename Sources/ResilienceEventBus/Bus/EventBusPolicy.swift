/// The bounds of a bus.
public struct EventBusPolicy: Sendable, Hashable {
  /// The most events that one group may have outstanding: queued, in flight, or waiting for redelivery; 1 or more.
  /// Publishing beyond it throws ``QueueFull``.
  public let queueCapacity: Int

  /// The most dead letters that are kept; 1 or more.
  public let deadLetterCapacity: Int

  /// Creates bounds.
  ///
  /// - Parameters:
  ///   - queueCapacity: Default: 10 000, about three megabytes of events with small payloads.
  ///   - deadLetterCapacity: Default: 10 000.
  public init(queueCapacity: Int = 10_000, deadLetterCapacity: Int = 10_000) {
    precondition(queueCapacity >= 1, "queueCapacity must be 1 or more, was \(queueCapacity)")
    precondition(deadLetterCapacity >= 1, "deadLetterCapacity must be 1 or more, was \(deadLetterCapacity)")
    self.queueCapacity = queueCapacity
    self.deadLetterCapacity = deadLetterCapacity
  }
}
