public import Resilience

/// A broker of several processes in Redis: the events are a stream, what a group has not settled is its
/// pending list.
///
/// ```swift
/// let redis = RedisClient(host: "127.0.0.1", port: 6379)
/// let bus = EventBus(source: "shop", broker: RedisStreamsBroker(redis))
/// ```
///
/// It keeps what `EventBroker` promises, and passes `EventBrokerContract`: each of its functions is one
/// script, which Redis does as a whole or not at all. The events of a key are with one consumer at a time;
/// what one had whose session has ended another one claims. Sessions and times of events for later go by
/// Redis' clock.
///
/// **How durable it is** Redis' settings say: with `appendonly yes` and `appendfsync always` nothing that was
/// acknowledged is lost when Redis is killed; with the usual `appendfsync everysec` the last second may be. A
/// Redis without persistence forgets everything, groups too.
///
/// **When Redis is away** every function throws ``RedisError`` within the client's time limit, and what
/// consumers hold stays theirs, as long as it is back before their sessions end. A publication whose answer
/// was lost may have been made.
///
/// Everything is in Redis' memory: what all groups have settled is removed, and at most `capacity` events are
/// kept. A group that nobody consumes keeps everything, until it is removed. Redis is one server, not a
/// cluster.
public final class RedisStreamsBroker: EventBroker {
  /// What the keys in Redis begin with.
  public let prefix: String

  /// The most events that are kept.
  public let capacity: Int

  let policy: BrokerPolicy
  let wakeups: BrokerWakeups
  private let redis: RedisClient
  private static let enoughBytes: Int64 = 1 << 20

  /// Creates a broker; nothing is sent before it is asked.
  ///
  /// - Parameters:
  ///   - redis: The client; it is not closed. Whoever waits for events has a second connection to the same
  ///     Redis.
  ///   - prefix: What the keys in Redis begin with: all who use the same are one broker. Default:
  ///     `resilience:events`.
  ///   - capacity: The most events that are kept, 1 or more; `BrokerFull` is thrown when some group has not
  ///     settled the oldest of so many. What is published with a settlement or redriven is stored all the
  ///     same. Default: 1 000 000.
  ///   - policy: How events are given out, the same in all processes; of a group that is there the partitions
  ///     stay as they are, and `checkpointInterval` is of no account. Default: as `BrokerPolicy`'s
  ///     initialiser.
  public init(
    _ redis: RedisClient, prefix: String = "resilience:events", capacity: Int = 1_000_000,
    policy: BrokerPolicy = BrokerPolicy()
  ) {
    precondition(capacity >= 1, "a broker's capacity must be 1 or more, was \(capacity)")
    self.redis = redis
    self.prefix = prefix
    self.capacity = capacity
    self.policy = policy
    wakeups = BrokerWakeups(redis, channel: "\(prefix):wake")
  }

  nonisolated(nonsending) func run(
    _ script: RedisScript, _ arguments: [RESPCommand.Argument]
  ) async throws(RedisError) -> RESPValue {
    try await redis.reply(to: script, keys: [.text(prefix)], arguments)
  }

  nonisolated(nonsending) func run<Value>(
    _ script: RedisScript, _ arguments: [RESPCommand.Argument],
    read: (RESPValue) throws(RESPValue.Mismatch) -> Value
  ) async throws(RedisError) -> Value {
    let reply = try await run(script, arguments)
    do {
      return try read(reply)
    } catch {
      throw RedisError(.malformedReply, "EVALSHA", error.message)
    }
  }
}

// MARK: - Events and groups

extension RedisStreamsBroker {
  /// Stores events, all or none.
  ///
  /// - Throws: `BrokerFull`; ``RedisError``; `CancellationError` when cancelled before.
  public func publish(_ events: [EncodedEvent]) async throws {
    try Task.checkCancellation()
    guard !events.isEmpty else { return }
    let isStored = try await run(.publish, [.integer(Int64(capacity))] + events.flatMap(\.arguments)) {
      (reply) throws(RESPValue.Mismatch) in try reply.integer("whether there was room")
    }
    guard isStored == 1 else { throw BrokerFull(capacity: capacity) }
  }

  /// Begins a session of one consumer.
  ///
  /// - Throws: `BrokerGroupConflict`; ``RedisError``.
  public func join(_ group: BrokerGroup) async throws -> any BrokerConsumer {
    let arguments: [RESPCommand.Argument] =
      [.text(group.name), .integer(Int64(policy.partitions))] + group.filter.arguments
      + [group.start == .now ? "$" : "0", .integer(policy.session.microsecondsRoundedUp)]
    let answer = try await run(.join, arguments) { (reply) throws(RESPValue.Mismatch) in
      let items = try reply.items("a session", atLeast: 3)
      return (
        isJoined: try items[0].text("whether it is joined") == "joined", try items[1].text("a group"),
        try items[2].text("a consumer")
      )
    }
    guard answer.isJoined else {
      do {
        let present = try EventFilter(kind: answer.1, text: answer.2)
        throw BrokerGroupConflict(group: group.name, present: present, requested: group.filter)
      } catch let error as RESPValue.Mismatch {
        throw RedisError(.malformedReply, "EVALSHA", error.message)
      }
    }
    return StreamsConsumer(self, group: group.name, number: answer.1, member: answer.2)
  }

  /// Removes a group.
  @discardableResult
  public func removeGroup(_ name: String) async throws -> Bool {
    try await run(.removeGroup, [.text(name)]) { (reply) throws(RESPValue.Mismatch) in
      try reply.integer("whether it was there") == 1
    }
  }
}

// MARK: - Dead letters

extension RedisStreamsBroker {
  /// The dead letters, oldest first.
  public func deadLetters(
    of group: String?, after id: String?, limit: Int
  ) async throws -> [BrokerDeadLetter] {
    var after = id.flatMap { Int64($0) } ?? -1
    var letters: [BrokerDeadLetter] = []
    while letters.count < max(1, limit) {
      let page = try await self.letters(
        of: group, after: after, limit: min(max(1, limit) - letters.count, 500))
      guard let last = page.last, let number = Int64(last.id) else { break }
      letters += page
      after = number
    }
    return letters
  }

  /// Takes a dead letter out.
  @discardableResult
  public func removeDeadLetter(_ id: String) async throws -> Bool {
    try await run(.removeLetter, [.text(id)]) { (reply) throws(RESPValue.Mismatch) in
      try reply.integer("whether it was there") == 1
    }
  }

  /// Gives a dead letter another chance; an event in its place is stored for now, whatever its time.
  ///
  /// - Throws: `BrokerGroupMissing`; ``RedisError``.
  @discardableResult
  public func redrive(_ id: String, as event: EncodedEvent?) async throws -> Bool {
    guard let number = Int64(id), number > 0,
      let letter = try await letters(of: nil, after: number - 1, limit: 1).first, letter.id == "\(number)"
    else { return false }
    var repaired = event
    repaired?.notBefore = nil
    // A letter does not change: either it is still there, or somebody else was first.
    let arguments: [RESPCommand.Argument] =
      [.integer(number), .bytes(StoredDeath.bytes(letter.history + [letter.death]))]
      + (repaired?.storedArguments ?? [])
    let answer = try await run(.redrive, arguments) { (reply) throws(RESPValue.Mismatch) in
      try reply.items("a redrive", atLeast: 1)[0].text("what was done")
    }
    if answer == "missing" { throw BrokerGroupMissing(group: letter.group) }
    return answer == "done"
  }

  private nonisolated(nonsending) func letters(
    of group: String?, after number: Int64, limit: Int
  ) async throws -> [BrokerDeadLetter] {
    let arguments: [RESPCommand.Argument] = [
      .text(group ?? ""), .integer(number), .integer(Int64(limit)), .integer(Self.enoughBytes),
    ]
    return try await run(.letters, arguments) { (reply) throws(RESPValue.Mismatch) in
      var letters: [BrokerDeadLetter] = []
      for item in try reply.items("the dead letters") {
        let fields = try item.items("a dead letter", atLeast: 5)
        let id = try fields[0].text("a letter's number")
        guard let death = try StoredDeath.deaths(try fields[3].bytes("a death"), "the death of \(id)").first
        else { throw RESPValue.Mismatch(message: "the dead letter \(id) has no death") }
        letters.append(
          BrokerDeadLetter(
            id: id, group: try fields[1].text("a group"),
            event: try EncodedEvent(stored: try fields[2].bytes("an event"), "the event of \(id)"),
            death: death,
            history: try StoredDeath.deaths(try fields[4].bytes("a history"), "the history of \(id)")))
      }
      return letters
    }
  }
}
