internal import ResilienceCore

/// Two brokers as one, which survives the loss of either: a redundant bus.
///
/// ```swift
/// let broker = MirroredBroker(kafka, journal)
/// ```
///
/// Events are published to both, the primary first, and a group reads both: of an event's two copies, told by
/// source, id and type, the one that comes first is handed out, and the other one is settled as the first
/// was, with what was published by it. Publishing, joining and settling succeed when one side does; a
/// ``MirrorEvent`` tells when a side is lost and when it is back. What it missed meanwhile is on the other
/// side alone.
///
/// The consumers of a group must be in one process, and use one mirrored broker: what became of an event is
/// remembered there. The order of a key holds as long as both sides work, and within what comes from one side
/// otherwise. A side that was lost for longer than the window remembers gives its events out again.
public final class MirroredBroker: EventBroker {
  /// The name, for events and metrics.
  public let name: String

  let sides: [MirrorHealth]
  private let policy: BrokerPolicy
  private let window: Int
  private let groups = Lock<[Identifier: MirrorGroup]>([:])
  /// What groups without a consumer have settled: a side may not have given its copy out yet.
  private let remembered = Lock<[Identifier: MirrorTable]>([:])
  private let changes = MaintenanceTurn()

  /// Mirrors one broker by another one.
  ///
  /// - Parameters:
  ///   - primary: Is written first; when both fail, its error is thrown.
  ///   - secondary: The other one.
  ///   - name: For events and metrics; empty when unnamed.
  ///   - policy: How events are given out to the consumers of a group. Default: as ``BrokerPolicy``'s
  ///     initialiser.
  ///   - rememberedEvents: How many settled events of a group are remembered for the other side's copy; 1 or
  ///     more. Default: 10 000.
  ///   - onEvent: Is told when a side is lost and when it is back; must not block.
  public init(
    _ primary: any EventBroker, _ secondary: any EventBroker, name: String = "",
    policy: BrokerPolicy = BrokerPolicy(), rememberedEvents: Int = 10_000,
    onEvent: (@Sendable (MirrorEvent) -> Void)? = nil
  ) {
    precondition(
      rememberedEvents >= 1,
      "a mirrored broker's remembered events must be 1 or more, was \(rememberedEvents)")
    self.name = name
    self.policy = BrokerPolicy(
      window: policy.window, partitions: policy.partitions, session: policy.session, deadLetterCapacity: 1,
      checkpointInterval: min(policy.checkpointInterval, 256))
    window = rememberedEvents
    sides = [
      MirrorHealth(.primary, primary, name: name, onEvent: onEvent),
      MirrorHealth(.secondary, secondary, name: name, onEvent: onEvent),
    ]
  }

  /// How the two sides are.
  public func snapshot() -> MirroredBrokerSnapshot {
    MirroredBrokerSnapshot(
      name: name, sides: sides.map(\.snapshot),
      duplicates: groups.withLock { Array($0.values) }.reduce(0) { $0 + $1.duplicates })
  }

  /// Stores events on both sides, or on the one that works.
  public func publish(_ events: [EncodedEvent]) async throws {
    _ = try await onBoth { try await $0.publish(events) }
  }

  /// Begins a session of one consumer on both sides, or on the one that works.
  public func join(_ group: BrokerGroup) async throws -> any BrokerConsumer {
    try await changes.take()
    defer { changes.give() }
    let key = Identifier(group.name)
    if let present = groups.withLock({ $0[key] }) {
      guard present.group.filter == group.filter else {
        throw BrokerGroupConflict(
          group: group.name, present: present.group.filter, requested: group.filter)
      }
      return MirroredConsumer(self, present, try await present.front.join(group))
    }
    let made = MirrorGroup(
      group, sides, policy, window: window, table: remembered.withLock { $0[key] })
    try await made.joinSides()
    let consumer = MirroredConsumer(self, made, try await made.front.join(group))
    groups.withLock { $0[key] = made }
    remembered.withLock { $0[key] = nil }
    return consumer
  }

  /// Removes a group from both sides.
  @discardableResult
  public func removeGroup(_ name: String) async throws -> Bool {
    try await changes.take()
    defer { changes.give() }
    let group = groups.withLock { $0.removeValue(forKey: Identifier(name)) }
    remembered.withLock { $0[Identifier(name)] = nil }
    await group?.leaveSides(removing: true)
    _ = try await group?.front.removeGroup(name)
    return try await onBoth { try await $0.removeGroup(name) }.contains(true)
  }

  /// The last consumer that leaves ends the sessions on the sides.
  func left(_ group: MirrorGroup) async {
    guard (try? await changes.take()) != nil else { return }
    defer { changes.give() }
    guard group.front.snapshot().groups.allSatisfy({ $0.consumers == 0 }) else { return }
    let key = Identifier(group.group.name)
    let isPresent = groups.withLock { groups in
      guard groups[key] === group else { return false }
      groups[key] = nil
      return true
    }
    if isPresent { remembered.withLock { $0[key] = group.settled } }
    await group.leaveSides(removing: true)
  }

  /// It is to be handed out once more.
  func forget(_ event: EncodedEvent, in group: String) {
    groups.withLock { $0[Identifier(group)] }?.forget(event)
    remembered.withLock { $0[Identifier(group)]?.forget(MirrorTable.Key(event)) }
  }

  // MARK: - Both

  /// - Throws: What the primary has thrown, when both have.
  func onBoth<Value>(_ body: (any EventBroker) async throws -> Value) async throws -> [Value] {
    try Task.checkCancellation()
    var values: [Value] = []
    var failures: [(side: MirrorHealth, error: any Error)] = []
    for side in sides {
      do {
        values.append(try await body(side.broker))
      } catch {
        failures.append((side, error))
      }
    }
    if values.isEmpty, let first = failures.first {
      // What both refuse says nothing about them.
      throw first.error
    }
    for failure in failures { failure.side.failed(failure.error) }
    return values
  }
}
