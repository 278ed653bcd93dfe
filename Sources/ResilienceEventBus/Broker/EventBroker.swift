/// Where events are kept, and which groups get them: what is behind an event bus that outlives its process.
///
/// Publishers hand events over as attributes and bytes. Groups get those that their filter lets pass, each
/// event at least once, until one of the group's consumers settles it. ``MemoryBroker`` is one for tests and
/// simulations, ``JournalBroker`` one for a single process that must not lose events;
/// ``EventBrokerContract`` has the tests that every broker must pass.
///
/// The protocol is cut so that an adapter is thin:
///
/// | here | Kafka | Redis Streams |
/// |---|---|---|
/// | ``publish(_:)`` | produce, in a transaction for more than one | `MULTI`, `XADD` |
/// | ``EncodedEvent/notBefore`` | a topic for each delay | `ZADD` by its time |
/// | ``join(_:)`` | a member of a consumer group | a consumer of `XGROUP CREATE` |
/// | ``BrokerConsumer/receive(limit:)`` | poll | `XREADGROUP`, and `XAUTOCLAIM` of what the dead left |
/// | ``BrokerSettlement/Outcome/handled(publishing:)`` | the commit of the low watermark; those above it in memory | `XACK` |
/// | ``BrokerConsumer/heartbeat()`` | heartbeat | a `SET` with `PX` |
/// | a receipt that is stale | a partition that was revoked | an entry that somebody else has claimed |
///
/// **Order**: the events of one partition key, and those of one subject, are given out in the order in which
/// they were published, and one consumer of a group has them at a time; events without either have no order.
/// What was given back, or left by a consumer that is gone, comes again before what follows it.
///
/// A broker may fail: every function throws what its client throws. Nothing is assumed then about whether the
/// change was made: an event may be there twice.
public protocol EventBroker: Sendable {
  /// Stores events, in this order, for all groups that let them pass; all or none where the broker can.
  ///
  /// One with a ``EncodedEvent/notBefore`` comes to the groups as if it were published at that time, and
  /// without that attribute; in the order of these times, and at once when it is past.
  ///
  /// Returns when they are as durable as the broker promises. None are nothing. A call that is cancelled
  /// before throws `CancellationError`, and stores nothing; one that is cancelled meanwhile may return.
  ///
  /// - Throws: ``BrokerFull`` when there is no room.
  func publish(_ events: [EncodedEvent]) async throws

  /// Begins a session of one consumer of a group. The group is made if it is not there, and is there until
  /// it is removed, with or without consumers.
  ///
  /// - Throws: ``BrokerGroupConflict`` when the group is there and gets other events.
  func join(_ group: BrokerGroup) async throws -> any BrokerConsumer

  /// Removes a group: nobody gets its unsettled events any more, and its consumers' sessions end. Its dead
  /// letters stay.
  ///
  /// - Returns: Whether it was there.
  @discardableResult
  func removeGroup(_ name: String) async throws -> Bool

  /// The dead letters, oldest first.
  ///
  /// - Parameters:
  ///   - group: Those of one group; `nil` for all.
  ///   - id: Those after that of the last that is known, which may be gone; `nil` for the first.
  ///   - limit: The most, 1 or more.
  func deadLetters(of group: String?, after id: String?, limit: Int) async throws -> [BrokerDeadLetter]

  /// Takes a dead letter out: it has been dealt with.
  ///
  /// - Returns: Whether it was there; of several calls one gets `true`.
  @discardableResult
  func removeDeadLetter(_ id: String) async throws -> Bool

  /// Gives a dead letter another chance: its event is stored again, for its group alone and behind all that
  /// is there, with no deliveries and with its history; the letter is taken out. Both or none.
  ///
  /// - Parameters:
  ///   - id: The letter's.
  ///   - event: What is stored in the place of its event: one that was repaired. `nil` for the event itself.
  /// - Returns: Whether it was there; of several calls one gets `true`.
  /// - Throws: ``BrokerGroupMissing`` when its group was removed; the letter stays.
  @discardableResult
  func redrive(_ id: String, as event: EncodedEvent?) async throws -> Bool
}

extension EventBroker {
  /// The dead letters of all groups, or of one, from the oldest: the first page.
  public func deadLetters(of group: String? = nil, limit: Int = 100) async throws -> [BrokerDeadLetter] {
    try await deadLetters(of: group, after: nil, limit: limit)
  }

  /// Gives a dead letter another chance with its event as it is.
  @discardableResult
  public func redrive(_ id: String) async throws -> Bool { try await redrive(id, as: nil) }
}
