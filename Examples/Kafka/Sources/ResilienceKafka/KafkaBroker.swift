internal import Foundation
public import Resilience
internal import Synchronization

/// A broker of several processes in Kafka: the events are a topic, its partitions are shared by the consumers
/// of a group.
///
/// ```swift
/// let broker = try await KafkaBroker.open("127.0.0.1:9092", topic: "shop")
/// let bus = EventBus(source: "shop", broker: broker)
/// ```
///
/// It keeps what `EventBroker` promises, each event at least once. What a group has settled is committed
/// after it was settled, never before: the offset is that of the oldest unsettled event, and the commit's
/// metadata says which of those behind it are settled, and how often the others were handed out. The order of
/// a key holds, also of what was given back. The README says what is not kept.
///
/// Groups, dead letters and events for later are in a second, compacted topic, `TOPIC.ledger`, which each
/// process follows.
///
/// **When Kafka is away** a consumer that receives waits, and goes on when it is back; it throws
/// ``KafkaError`` where Kafka refuses for want of a permission, and when it has read events before whose count
/// Kafka does not take in time: they come again. Every other function throws ``KafkaError``,
/// each of its steps within the policy's time limit; to settle has three. What was published when the answer
/// was lost may be there.
public final class KafkaBroker: EventBroker {
  /// The events' topic.
  public let topic: String

  let core: BrokerCore

  private init(_ core: BrokerCore) {
    self.core = core
    topic = core.topics.events
  }

  deinit { core.stop() }

  /// Makes the topics where they are not there, and reads the ledger.
  ///
  /// - Parameters:
  ///   - servers: Kafka's brokers, as `HOST:PORT`, separated by commas; some of them are enough.
  ///   - topic: The topic of the events, 1 to 242 letters, digits, `.`, `_` and `-`: all who use the same are
  ///     one broker.
  ///   - policy: How Kafka is used. Default: as ``KafkaBrokerPolicy``'s initialiser.
  ///   - settings: More settings of librdkafka, for all its clients, as `security.protocol`. Default: none.
  ///   - onUnreadable: Is told where a record is that is passed over since it is no event, and which log has
  ///     lost what was read or committed, on a thread of the broker; must not block. Default: nobody is told.
  /// - Throws: ``KafkaError``: `invalidTopic` also for a name that Kafka does not take.
  public static func open(
    _ servers: String, topic: String, policy: KafkaBrokerPolicy = KafkaBrokerPolicy(),
    settings: [String: String] = [:], onUnreadable: @escaping @Sendable (_ place: String) -> Void = { _ in }
  ) async throws -> KafkaBroker {
    var settings = settings
    settings["bootstrap.servers"] = servers
    // Within librdkafka's bounds. It waits up to 10 seconds before it connects again, by default.
    let socketTimeout = min(300_000, max(1000, policy.timeout.milliseconds))
    let own = [
      "socket.timeout.ms": "\(socketTimeout)", "reconnect.backoff.max.ms": "1000",
      "socket.nagle.disable": "true",
    ]
    settings.merge(own) { given, _ in given }
    let clock = CallContext.current.clock
    let core = try await onThread { [settings] in
      let topics = try Topics.open(topic, settings, policy)
      return try BrokerCore(settings, topics, policy, clock, onUnreadable)
    }
    do {
      try await core.ledger.sync { _ in }
    } catch {
      core.stop()
      throw error
    }
    return KafkaBroker(core)
  }

  /// Ends the sessions of its consumers and its threads, once what was published is in Kafka or has failed.
  /// What is called later throws; a second close does nothing.
  ///
  /// A broker that is dropped without it ends them as well, and nobody waits for that.
  public func close() async {
    core.stop()
    await core.waitUntilStopped()
  }

  /// As the end of the process does, for tests.
  func abandon() async {
    core.stop(isCrash: true)
    await core.waitUntilStopped()
  }

  private static func onThread<Value: Sendable>(
    _ body: @escaping @Sendable () throws -> Value
  ) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      Thread.detachNewThread { continuation.resume(with: Result { try body() }) }
    }
  }
}

// MARK: - Events and groups

extension KafkaBroker {
  /// Stores events in this order, each by itself: of those of a call that fails some may be there.
  ///
  /// - Throws: `BrokerFull` when so many events wait for Kafka, or for their time, that there is no room;
  ///   ``KafkaError``; `CancellationError` when cancelled before.
  public func publish(_ events: [EncodedEvent]) async throws {
    try Task.checkCancellation()
    let now = CallContext.current.clock.unixTime
    let later = events.count { ($0.notBefore ?? now) > now }
    let capacity = core.policy.scheduledCapacity
    if later > 0, core.ledger.waitingForTheirTime + later > capacity {
      throw BrokerFull(capacity: capacity)
    }
    _ = try await core.producer.produce(core.topics.published(events, at: now))
  }

  /// Begins a session of one consumer, and waits until Kafka has let it into the group, for 5 seconds and no
  /// longer than a third of a session or the policy's timeout: as long as others of the group are being asked
  /// its first events come later. With ``KafkaBrokerPolicy/joinsWhenReceiving`` the group is made, and Kafka
  /// is asked when the consumer receives.
  ///
  /// - Throws: `BrokerGroupConflict`; ``KafkaError``.
  public func join(_ group: BrokerGroup) async throws -> any BrokerConsumer {
    let name = group.name
    var present = try await core.ledger.sync { $0.groups[name]?.first }
    if present == nil {
      let starts = group.start == .now ? try await core.ledger.ends() : []
      let record = StoredGroup(group, starts: starts).storedBytes
      present = try await core.ledger.write([core.topics.ledgerRecord("group/\(newID())", record)]) {
        $0.groups[name]?.first
      }
    }
    // Others may have removed it since.
    guard let present else { throw BrokerGroupMissing(group: group.name) }
    guard present.filter == group.filter else {
      throw BrokerGroupConflict(group: group.name, present: present.filter, requested: group.filter)
    }
    if core.policy.joinsWhenReceiving {
      return LateConsumer(of: group.name, heartbeatInterval: core.policy.session / 3) { [core] in
        do {
          return KafkaConsumer(try await core.startMember(of: present), core.producer, core.topics)
        } catch is BrokerGroupMissing {
          throw BrokerSessionEnded(group: group.name)
        } catch let error as KafkaError where error.reason == .closed {
          // Whoever has a consumer already is told as others are that have one.
          throw BrokerSessionEnded(group: group.name)
        }
      }
    }
    let member = try await core.startMember(of: present)
    let consumer = KafkaConsumer(member, core.producer, core.topics)
    await member.letIn.wait()
    return consumer
  }

  /// Removes a group. What Kafka keeps of it goes after `offsets.retention.minutes`.
  @discardableResult
  public func removeGroup(_ name: String) async throws -> Bool {
    let all = try await core.ledger.sync { $0.groups[name] ?? [] }
    guard !all.isEmpty else { return false }
    try await core.ledger.write(all.map { core.topics.ledgerRecord("group/\($0.id)", nil) })
    return true
  }
}

// MARK: - Dead letters

extension KafkaBroker {
  /// The dead letters, oldest first.
  public func deadLetters(
    of group: String?, after id: String?, limit: Int
  ) async throws -> [BrokerDeadLetter] {
    try await core.ledger.sync { $0.letters(of: group, after: id, limit: limit) }
  }

  /// Takes a dead letter out. Two processes that do so at the same moment may both be told that it was there.
  @discardableResult
  public func removeDeadLetter(_ id: String) async throws -> Bool {
    try await core.withLetter(id) { letter in
      try await core.ledger.write([core.topics.ledgerRecord(letter.key, nil)])
    }
  }

  /// Gives a dead letter another chance. The event is stored first, then the letter is removed: when Kafka or
  /// the process fails between the two, or two processes do so at the same moment, the event comes twice.
  ///
  /// - Throws: `BrokerGroupMissing`; ``KafkaError``.
  @discardableResult
  public func redrive(_ id: String, as event: EncodedEvent?) async throws -> Bool {
    try await core.withLetter(id) { letter in
      let name = letter.letter.group
      guard let group = try await core.ledger.read({ $0.groups[name]?.first }) else {
        throw BrokerGroupMissing(group: name)
      }
      let history = letter.letter.history + [letter.letter.death]
      let record = core.topics.record(
        of: event ?? letter.letter.event, target: group.id, history: history)
      _ = try await core.producer.produce([record])
      try await core.ledger.write([core.topics.ledgerRecord(letter.key, nil)])
    }
  }
}
