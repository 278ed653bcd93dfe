public import Resilience
internal import Synchronization

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
  /// Whoever waits looks for itself after that time: messages may be lost.
  let longestWait: Duration
  /// Of what one reply brings.
  let enoughBytes: Int64
  /// With it, what is stored beside it and others of the same reply can be read.
  private let longestEvent: Int
  /// So many have a place in one command, each with four arguments.
  private static let mostEvents = 250_000
  private static let mostArguments = 1_000_000
  /// By group: consumers that nobody has, as the answers of their calls to join were lost.
  private let lostMembers = Mutex<[String: [String]]>([:])
  /// More end by their sessions.
  private static let mostLostMembers = 16

  /// Creates a broker; nothing is sent before it is asked.
  ///
  /// - Parameters:
  ///   - redis: The client; it is not closed. Whoever waits for events has a second connection to the same
  ///     Redis.
  ///   - prefix: What the keys in Redis begin with: all who use the same are one broker. Default:
  ///     `resilience:events`.
  ///   - capacity: The most events that are kept, those for later too, 1 or more; `BrokerFull` is thrown when some group has not
  ///     settled the oldest of so many. What is published with a settlement or redriven is stored all the
  ///     same. Default: 1 000 000.
  ///   - policy: How events are given out, the same in all processes; of a group that is there the partitions
  ///     stay as they are, and `checkpointInterval` is of no account. Default: as `BrokerPolicy`'s
  ///     initialiser.
  public convenience init(
    _ redis: RedisClient, prefix: String = "resilience:events", capacity: Int = 1_000_000,
    policy: BrokerPolicy = BrokerPolicy()
  ) {
    self.init(redis, prefix: prefix, capacity: capacity, policy: policy, longestWait: .seconds(1))
  }

  init(
    _ redis: RedisClient, prefix: String, capacity: Int = 1_000_000, policy: BrokerPolicy = BrokerPolicy(),
    longestWait: Duration
  ) {
    precondition(capacity >= 1, "a broker's capacity must be 1 or more, was \(capacity)")
    self.redis = redis
    self.prefix = prefix
    self.capacity = capacity
    self.policy = policy
    self.longestWait = longestWait
    enoughBytes = Int64(min(1 << 20, redis.maxReplyBytes / 4))
    longestEvent = min(256 << 20, redis.maxReplyBytes / 2)
    wakeups = BrokerWakeups(redis, channel: "\(prefix):wake")
  }

  nonisolated(nonsending) func run(
    _ script: RedisScript, _ arguments: [RESPCommand.Argument]
  ) async throws(RedisError) -> RESPValue {
    guard arguments.count <= Self.mostArguments else {
      throw RedisError(.tooLarge, "EVALSHA", "\(arguments.count) arguments, at most \(Self.mostArguments)")
    }
    return try await redis.reply(to: script, keys: [.text(prefix)], arguments)
  }

  /// Of events that can be read again.
  func arguments(of events: [EncodedEvent]) throws(RedisError) -> [RESPCommand.Argument] {
    guard events.count <= Self.mostEvents else {
      throw RedisError(.tooLarge, "EVALSHA", "\(events.count) events at once, at most \(Self.mostEvents)")
    }
    let arguments = events.flatMap(\.arguments)
    for case .bytes(let event) in arguments where event.count > longestEvent {
      throw RedisError(
        .tooLarge, "EVALSHA", "an event of \(event.count) bytes, at most \(longestEvent) can be read")
    }
    return arguments
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
  /// - Throws: `BrokerFull`; ``RedisError``, as too large for an event that is longer than half of what the
  ///   client reads of a reply, and for more than 250 000 events; `CancellationError` when cancelled before.
  public func publish(_ events: [EncodedEvent]) async throws {
    try Task.checkCancellation()
    guard !events.isEmpty else { return }
    let arguments = [.integer(Int64(capacity))] + (try arguments(of: events))
    let isStored: Bool
    do throws(RedisError) {
      isStored = try await store(arguments)
    } catch {
      // What all groups have settled may be most of what fills Redis.
      guard error.reason == .server(code: "OOM"), try await trim() > 0 else { throw error }
      isStored = try await store(arguments)
    }
    guard isStored else { throw BrokerFull(capacity: capacity) }
  }

  private nonisolated(nonsending) func store(
    _ arguments: [RESPCommand.Argument]
  ) async throws(RedisError) -> Bool {
    try await run(.publish, arguments) { (reply) throws(RESPValue.Mismatch) in
      try reply.integer("whether there was room") == 1
    }
  }

  private nonisolated(nonsending) func trim() async throws(RedisError) -> Int64 {
    try await run(.trim, []) { (reply) throws(RESPValue.Mismatch) in
      try reply.integer("how many were removed")
    }
  }

  /// Begins a session of one consumer.
  ///
  /// - Throws: `BrokerGroupConflict`; ``RedisError``.
  public func join(_ group: BrokerGroup) async throws -> any BrokerConsumer {
    let arguments: [RESPCommand.Argument] =
      [.text(group.name), .integer(Int64(policy.partitions))] + group.filter.arguments
      + [group.start == .now ? "$" : "0", .integer(policy.session.microsecondsRoundedUp)]
    let member = String(CallContext.current.random(), radix: 36)
    var answer = try await join(.join, group.name, arguments, as: member)
    if answer.outcome == "missing" { answer = try await join(.joinNew, group.name, arguments, as: member) }
    guard answer.outcome == "joined" else {
      do {
        let present = try EventFilter(kind: answer.group, text: answer.text)
        throw BrokerGroupConflict(group: group.name, present: present, requested: group.filter)
      } catch let error as RESPValue.Mismatch {
        throw RedisError(.malformedReply, "EVALSHA", error.message)
      }
    }
    return StreamsConsumer(self, group: group.name, number: answer.group, member: member)
  }

  private nonisolated(nonsending) func join(
    _ script: RedisScript, _ group: String, _ arguments: [RESPCommand.Argument], as member: String
  ) async throws(RedisError) -> (outcome: String, group: String, text: String) {
    let lost = lostMembers.withLock { $0[group] ?? [] }
    let answer: (String, String, String)
    do throws(RedisError) {
      let members = ([member] + lost).map { RESPCommand.Argument.text($0) }
      answer = try await run(script, arguments + members) { (reply) throws(RESPValue.Mismatch) in
        let items = try reply.items("a session", atLeast: 3)
        return (
          try items[0].text("whether it is joined"), try items[1].text("a group"),
          try items[2].text("a filter")
        )
      }
    } catch {
      if error.wasSent {
        lostMembers.withLock {
          $0[group] = Array((($0[group] ?? []) + [member]).suffix(Self.mostLostMembers))
        }
      }
      throw error
    }
    if answer.0 == "conflict" { return answer }
    lostMembers.withLock { members in
      let left = (members[group] ?? []).filter { !lost.contains($0) }
      members[group] = left.isEmpty ? nil : left
    }
    return answer
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
      + (try arguments(of: repaired.map { [$0] } ?? []).dropFirst())
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
      .text(group ?? ""), .integer(number), .integer(Int64(limit)), .integer(enoughBytes),
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
