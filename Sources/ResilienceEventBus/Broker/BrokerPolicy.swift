internal import ResilienceCore

/// How a broker that keeps its groups itself, a ``MemoryBroker`` or a ``JournalBroker``, gives events out.
public struct BrokerPolicy: Sendable, Hashable {
  /// How many events of a group may be read and not removed yet, because an older one is not settled: so far
  /// its consumers may run ahead of the oldest unsettled event; 1 or more.
  ///
  /// Their bytes are in memory.
  public let window: Int

  /// Over how many partitions the keys of a group are spread, and so how many consumers of a group can be at
  /// work; 1 to 65 536.
  public let partitions: Int

  /// How long a consumer's session lasts without a heartbeat; positive.
  public let session: Duration

  /// The most dead letters that are kept, 1 or more: of more than that the oldest goes, which
  /// ``BrokerSnapshot/discardedDeadLetters`` counts.
  public let deadLetterCapacity: Int

  /// After so many records the positions of all groups are written down, and what nobody needs is removed;
  /// 1 or more. When the broker is opened it reads about so many.
  public let checkpointInterval: Int

  /// Creates a policy.
  ///
  /// - Parameters:
  ///   - window: Default: 1000, twice Kafka's `max.poll.records`.
  ///   - partitions: Default: 64.
  ///   - session: Default: 45 seconds, Kafka's `session.timeout.ms`.
  ///   - deadLetterCapacity: Default: 100 000.
  ///   - checkpointInterval: Default: 10 000.
  public init(
    window: Int = 1000, partitions: Int = 64, session: Duration = .seconds(45),
    deadLetterCapacity: Int = 100_000, checkpointInterval: Int = 10_000
  ) {
    self.window = window
    self.partitions = partitions
    self.session = session
    self.deadLetterCapacity = deadLetterCapacity
    self.checkpointInterval = checkpointInterval
    if let fault { preconditionFailure("a broker's \(fault)") }
  }

  /// The first field that is out of its range.
  var fault: InvalidSetting? {
    .unless(window >= 1, "window", window, "1 or more")
      ?? .outside(1...65_536, "partitions", partitions)
      ?? .unless(session > .zero, "session", session, "more than 0s")
      ?? .unless(deadLetterCapacity >= 1, "deadLetterCapacity", deadLetterCapacity, "1 or more")
      ?? .unless(checkpointInterval >= 1, "checkpointInterval", checkpointInterval, "1 or more")
  }
}
