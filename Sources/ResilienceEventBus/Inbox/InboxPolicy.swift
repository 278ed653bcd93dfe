internal import ResilienceCore

/// How long an inbox remembers, and how much.
public struct InboxPolicy: Sendable, Hashable {
  /// How long a handled event is remembered; positive. A duplicate that comes later is handled again.
  public let window: Duration

  /// How long a reservation holds; positive. Longer than the handler takes: after it, a duplicate may begin.
  public let lease: Duration

  /// The most events that are remembered; 1 or more. When there are more within the window, the oldest is forgotten
  /// early.
  public let capacity: Int

  /// Creates a policy.
  ///
  /// - Parameters:
  ///   - window: Default: 10 minutes, as Azure Service Bus.
  ///   - lease: Default: 30 s, the visibility timeout of Amazon SQS.
  ///   - capacity: Default: 100 000: about 170 events a second for the whole window.
  public init(window: Duration = .seconds(600), lease: Duration = .seconds(30), capacity: Int = 100_000) {
    precondition(window > .zero, "an inbox's window must be positive, was \(window)")
    precondition(lease > .zero, "an inbox's lease must be positive, was \(lease)")
    precondition(capacity >= 1, "an inbox's capacity must be 1 or more, was \(capacity)")
    self.window = window
    self.lease = lease
    self.capacity = capacity
  }
}
