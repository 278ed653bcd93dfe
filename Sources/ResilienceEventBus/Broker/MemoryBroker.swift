internal import ResilienceCore

/// A broker in memory: for tests, and for systems that are simulated in one process.
///
/// ```swift
/// let broker = MemoryBroker()
/// let consumer = try await broker.join(BrokerGroup("billing", filter: .prefix("order.")))
/// try await broker.publish([event])
/// for delivery in try await consumer.receive(limit: 10) {
///   try await consumer.settle([BrokerSettlement(delivery.receipt, .handled())])
/// }
/// ```
///
/// It takes its time from the calls' context, so that sessions end under virtual time. What every group has
/// settled is let go; events that no group gets too.
public final class MemoryBroker: EventBroker {
  let core: LogBroker

  /// Creates an empty broker.
  ///
  /// - Parameters:
  ///   - name: For metrics; empty when unnamed.
  ///   - capacity: The most events and dead letters that it holds, 1 or more. Default: 10 000.
  ///   - policy: How it gives events out. Default: as ``BrokerPolicy``'s initialiser.
  public init(name: String = "", capacity: Int = 10_000, policy: BrokerPolicy = BrokerPolicy()) {
    precondition(capacity >= 1, "a broker's capacity must be 1 or more, was \(capacity)")
    core = LogBroker(name, policy, MemoryLog(capacity: capacity), BrokerState(policy))
  }

  /// What it holds, and has done.
  public func snapshot() -> BrokerSnapshot { core.snapshot() }

  /// Stores events; ``BrokerFull`` when there is no room for all.
  public func publish(_ events: [EncodedEvent]) async throws { try await core.publish(events) }

  /// Begins a session of one consumer.
  public func join(_ group: BrokerGroup) async throws -> any BrokerConsumer { try await core.join(group) }

  /// Removes a group.
  @discardableResult
  public func removeGroup(_ name: String) async throws -> Bool { try await core.removeGroup(name) }

  /// The dead letters, oldest first.
  public func deadLetters(
    of group: String?, after id: String?, limit: Int
  ) async throws -> [BrokerDeadLetter] {
    try await core.deadLetters(of: group, after: id, limit: limit)
  }

  /// Takes a dead letter out.
  @discardableResult
  public func removeDeadLetter(_ id: String) async throws -> Bool { try await core.removeDeadLetter(id) }

  /// Gives a dead letter another chance.
  @discardableResult
  public func redrive(_ id: String, as event: EncodedEvent?) async throws -> Bool {
    try await core.redrive(id, as: event)
  }
}
