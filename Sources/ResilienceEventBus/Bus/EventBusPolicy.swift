internal import ResilienceCore

/// The bounds of a bus.
public struct EventBusPolicy: Sendable, Hashable {
  /// The most events that one group may have outstanding: queued, in flight, or waiting for redelivery; 1 or
  /// more. Publishing beyond it throws ``QueueFull``.
  public let queueCapacity: Int

  /// The most dead letters that are kept; 1 or more.
  public let deadLetterCapacity: Int

  /// Creates bounds.
  ///
  /// - Parameters:
  ///   - queueCapacity: Default: 10 000, about three megabytes of events with small payloads.
  ///   - deadLetterCapacity: Default: 10 000.
  public init(queueCapacity: Int = 10_000, deadLetterCapacity: Int = 10_000) {
    self.queueCapacity = queueCapacity
    self.deadLetterCapacity = deadLetterCapacity
    if let fault { preconditionFailure("an event bus's \(fault)") }
  }

  /// The first field that is out of its range.
  var fault: InvalidSetting? {
    .unless(queueCapacity >= 1, "queueCapacity", queueCapacity, "1 or more")
      ?? .unless(deadLetterCapacity >= 1, "deadLetterCapacity", deadLetterCapacity, "1 or more")
  }
}
