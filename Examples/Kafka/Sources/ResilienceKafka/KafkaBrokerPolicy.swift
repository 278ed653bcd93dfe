/// How a ``KafkaBroker`` uses Kafka.
public struct KafkaBrokerPolicy: Sendable, Hashable {
  /// Into how many partitions a topic is made that is not there, and so how many consumers of a group can be
  /// at work; one that is there stays as it is. 1 to 10 000.
  public let partitions: Int

  /// On how many of Kafka's brokers a topic is kept that is made; 1 or more.
  public let replication: Int

  /// How many events of each partition a consumer reads ahead of those that are not settled; 1 or more. They
  /// are in memory with their data: less than the default is right for events of many kilobytes.
  public let window: Int

  /// How long a consumer's session lasts without a heartbeat; positive. A process that dies is found out by
  /// Kafka, which takes no less than 6 seconds for it (`group.min.session.timeout.ms`), and no more than 30
  /// minutes (`group.max.session.timeout.ms`).
  public let session: Duration

  /// After how long a call to Kafka is given up; positive.
  public let timeout: Duration

  /// The most dead letters that are kept, 1 or more: of more than that the oldest goes. They are in the
  /// memory of each process.
  public let deadLetterCapacity: Int

  /// The most events for later, 1 or more: to publish more throws `BrokerFull`. What is published with a
  /// settlement is taken beyond that. They are in the memory of each process.
  public let scheduledCapacity: Int

  /// Whether a consumer comes into Kafka's group when it receives for the first time, and not when it joins.
  ///
  /// For an `EventBus`, which makes each group by a consumer that leaves at once, one after the other: Kafka
  /// would take some seconds for each of them, and have the consumers that stay wait.
  public let joinsWhenReceiving: Bool

  /// Creates a policy.
  ///
  /// - Parameters:
  ///   - partitions: Default: 12.
  ///   - replication: Default: 1, for one machine; 3 is usual for what must not be lost.
  ///   - window: Default: 1000, twice Kafka's `max.poll.records`.
  ///   - session: Default: 45 seconds, Kafka's `session.timeout.ms`.
  ///   - timeout: Default: 10 seconds.
  ///   - deadLetterCapacity: Default: 10 000.
  ///   - scheduledCapacity: Default: 100 000.
  ///   - joinsWhenReceiving: Default: false, so that who has joined shares the partitions.
  public init(
    partitions: Int = 12, replication: Int = 1, window: Int = 1000, session: Duration = .seconds(45),
    timeout: Duration = .seconds(10), deadLetterCapacity: Int = 10_000, scheduledCapacity: Int = 100_000,
    joinsWhenReceiving: Bool = false
  ) {
    precondition((1...10_000).contains(partitions), "partitions must be 1 to 10000, was \(partitions)")
    precondition((1...100).contains(replication), "replication must be 1 to 100, was \(replication)")
    precondition(window >= 1, "a window must be 1 or more, was \(window)")
    precondition(session > .zero, "a session must be more than 0s, was \(session)")
    precondition(timeout > .zero, "a timeout must be more than 0s, was \(timeout)")
    precondition(deadLetterCapacity >= 1, "a capacity must be 1 or more, was \(deadLetterCapacity)")
    precondition(scheduledCapacity >= 1, "a capacity must be 1 or more, was \(scheduledCapacity)")
    self.partitions = partitions
    self.replication = replication
    self.window = window
    self.session = session
    self.timeout = timeout
    self.deadLetterCapacity = deadLetterCapacity
    self.scheduledCapacity = scheduledCapacity
    self.joinsWhenReceiving = joinsWhenReceiving
  }
}

extension Duration {
  /// At least 1, at most a day.
  var milliseconds: Int {
    Int(min(max(1, (self / .milliseconds(1)).rounded(.up)), 86_400_000))
  }
}
