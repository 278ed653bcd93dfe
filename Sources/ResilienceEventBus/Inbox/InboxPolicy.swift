internal import ResilienceCore

/// How long an inbox remembers, and how much.
public struct InboxPolicy: Sendable, Hashable {
  /// How long a handled event is remembered; positive. A duplicate that comes later is handled again.
  public let window: Duration

  /// How long a reservation holds by itself, and how long a duplicate waits for one that holds; positive.
  ///
  /// ``Inbox/run(_:_:)`` and `.deduplicate` keep theirs while the handler runs and was not cancelled; one
  /// made with ``Inbox/reserve(_:at:)`` ends after it, so that a duplicate may begin.
  public let lease: Duration

  /// The most events that are remembered; 1 or more. When there are more within the window, the oldest is
  /// forgotten early.
  public let capacity: Int

  /// Creates a policy.
  ///
  /// - Parameters:
  ///   - window: Default: 10 minutes, as Azure Service Bus.
  ///   - lease: Default: 30 s, the visibility timeout of Amazon SQS.
  ///   - capacity: Default: 100 000: about 170 events a second for the whole window.
  public init(window: Duration = .seconds(600), lease: Duration = .seconds(30), capacity: Int = 100_000) {
    self.window = window
    self.lease = lease
    self.capacity = capacity
    if let fault { preconditionFailure("an inbox's \(fault)") }
  }

  /// The first field that is out of its range.
  var fault: InvalidSetting? {
    .unless(window > .zero, "window", window, "more than 0s")
      ?? .unless(lease > .zero, "lease", lease, "more than 0s")
      ?? .unless(capacity >= 1, "capacity", capacity, "1 or more")
  }
}
