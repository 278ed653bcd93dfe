public import NIOCore
internal import NIOPosix
internal import Resilience
internal import Synchronization

/// A connection to one Redis, for the limits and the broker of this library.
///
/// ```swift
/// let redis = RedisClient(host: "127.0.0.1", port: 6379)
/// let limiter = SharedRateLimiter("payment", limit: .perSecond(500), on: redis, processes: 4)
/// ```
///
/// It connects when the first command is sent, and again when one is sent after the connection was lost.
/// After an attempt that failed, or a connection without any reply, commands are refused for a while: 10 ms, twice as long each time, 250 ms at
/// most. All commands share the connection, one behind the other, without waiting for replies; each has a
/// time limit. When the oldest has had no reply for that long, the connection is given up, and all that wait
/// are told.
///
/// There are no users and passwords, and no TLS: Redis is to be in a network of its own.
public final class RedisClient: Sendable {
  /// Where Redis is: a name or an address.
  public let host: String

  /// The port.
  public let port: Int

  /// How long a command may take.
  public let timeLimit: Duration

  private struct State {
    var connection: RedisConnection?
    /// Those that somebody else asked for, by number.
    var others: [Int: RedisConnection] = [:]
    var number = 0
    var lastOther = 0
    var failures = 0
    var retryAt = NIODeadline.uptimeNanoseconds(0)
    var lastFault = ""
    var isClosed = false
    var waiting = 0

    mutating func takeConnections() -> [RedisConnection] {
      defer { (connection, others) = (nil, [:]) }
      return (connection.map { [$0] } ?? []) + others.values
    }
  }

  private let group: any EventLoopGroup
  let maxReplyBytes: Int
  private let maxCommands: Int
  private let state = Mutex(State())

  /// Creates a client; nothing is sent before it is asked.
  ///
  /// - Parameters:
  ///   - host: A name or an address. Default: this machine.
  ///   - port: Default: 6379, Redis' own.
  ///   - group: On whose event loops it works; not shut down before the client is closed. Default: NIO's
  ///     singleton.
  ///   - timeLimit: How long a command may take, and to connect; less than 1 ms counts as that, more than an
  ///     hour as an hour. Default: 1 s.
  ///   - maxReplyBytes: The longest reply that is read, about; 1 KiB or more. Default: 64 MiB.
  ///   - maxCommands: So many may wait for replies; 1 or more. Default: 10 000.
  public init(
    host: String = "127.0.0.1", port: Int = 6379, group: (any EventLoopGroup)? = nil,
    timeLimit: Duration = .seconds(1), maxReplyBytes: Int = 64 << 20, maxCommands: Int = 10_000
  ) {
    self.host = host
    self.port = port
    self.group = group ?? MultiThreadedEventLoopGroup.singleton
    self.timeLimit = min(max(timeLimit, .milliseconds(1)), .seconds(3600))
    self.maxReplyBytes = max(1024, min(maxReplyBytes, 1 << 40))
    self.maxCommands = max(1, maxCommands)
  }

  deinit {
    for connection in state.withLock({ $0.takeConnections() }) { connection.close() }
  }

  /// Ends the connection. What waits for a reply fails, and so does every later command, as closed.
  public func close() {
    let connections = state.withLock { state in
      state.isClosed = true
      return state.takeConnections()
    }
    for connection in connections { connection.close() }
  }
}

// MARK: - Commands

extension RedisClient {
  /// Sends a command.
  ///
  /// - Parameters:
  ///   - limit: How long it may take; the client's own limit holds as well.
  ///   - completion: Is called once, within that time, on any thread.
  func send(
    _ command: RESPCommand, within limit: Duration? = nil,
    completion: @escaping RedisConnection.Completion
  ) {
    send(command, deadline: deadline(limit), completion: completion)
  }

  /// Does a script; by its text where Redis does not know it.
  func evaluate(
    _ script: RedisScript, keys: [RESPCommand.Argument], _ arguments: [RESPCommand.Argument],
    within limit: Duration? = nil, completion: @escaping RedisConnection.Completion
  ) {
    let deadline = deadline(limit)
    let command = script.command(byDigest: true, keys: keys, arguments: arguments)
    send(command, deadline: deadline) { result in
      if case .failure(let error) = result, error.reason == .server(code: "NOSCRIPT") {
        let command = script.command(byDigest: false, keys: keys, arguments: arguments)
        return self.send(command, deadline: deadline, completion: completion)
      }
      completion(result)
    }
  }

  private func deadline(_ limit: Duration?) -> NIODeadline {
    .now() + TimeAmount(min(limit ?? timeLimit, timeLimit))
  }

  private func send(
    _ command: RESPCommand, deadline: NIODeadline, completion: @escaping RedisConnection.Completion
  ) {
    let connection: RedisConnection
    do throws(RedisError) {
      connection = try admit(command.name)
    } catch {
      return completion(.failure(error))
    }
    connection.send(command, deadline: deadline) { result in
      self.state.withLock { $0.waiting -= 1 }
      completion(result)
    }
  }

  /// Sends a command and waits for its reply, also when the task is cancelled: the time limit bounds that.
  nonisolated(nonsending) func reply(
    to command: RESPCommand, within limit: Duration? = nil
  ) async throws(RedisError) -> RESPValue {
    let reply = PendingReply<RESPValue, RedisError>()
    send(command, within: limit) { reply.give($0) }
    return try await reply.take().get()
  }

  /// Does a script and waits for its reply, also when the task is cancelled: the time limit bounds that.
  nonisolated(nonsending) func reply(
    to script: RedisScript, keys: [RESPCommand.Argument], _ arguments: [RESPCommand.Argument],
    within limit: Duration? = nil
  ) async throws(RedisError) -> RESPValue {
    let reply = PendingReply<RESPValue, RedisError>()
    evaluate(script, keys: keys, arguments, within: limit) { reply.give($0) }
    return try await reply.take().get()
  }
}

// MARK: - Connecting

extension RedisClient {
  private static let firstBackoff = TimeAmount.milliseconds(10)
  private static let longestBackoff = TimeAmount.milliseconds(250)

  private func admit(_ command: String) throws(RedisError) -> RedisConnection {
    let admitted: Result<RedisConnection, RedisError> = state.withLock { state in
      if state.isClosed { return .failure(RedisError(.closed, command, "the client was closed")) }
      guard state.waiting < maxCommands else {
        return .failure(RedisError(.tooManyCommands, command, "\(maxCommands) commands wait for replies"))
      }
      if state.connection == nil, .now() < state.retryAt {
        return .failure(RedisError(.refused, command, state.lastFault))
      }
      let connection = state.connection ?? open(&state)
      state.connection = connection
      state.waiting += 1
      return .success(connection)
    }
    return try admitted.get()
  }

  private func open(_ state: inout State) -> RedisConnection {
    state.number += 1
    let number = state.number
    return begin(
      onFirstReply: { [weak self] in self?.state.withLock { $0.failures = 0 } },
      onEnd: { [weak self] in self?.noteEnd(of: number, $0) })
  }

  /// Another connection to the same Redis, which ends with the client at the latest.
  ///
  /// - Returns: `nil` when the client was closed.
  func connect(
    onMessage: @escaping @Sendable (RESPValue) -> Void, onEnd: @escaping @Sendable () -> Void
  ) -> RedisConnection? {
    state.withLock { state in
      if state.isClosed { return nil }
      state.lastOther += 1
      let number = state.lastOther
      let connection = begin(
        onMessage: onMessage,
        onEnd: { [weak self] _ in
          self?.state.withLock { _ = $0.others.removeValue(forKey: number) }
          onEnd()
        })
      state.others[number] = connection
      return connection
    }
  }

  private func begin(
    onFirstReply: @escaping @Sendable () -> Void = {},
    onMessage: @escaping @Sendable (RESPValue) -> Void = { _ in },
    onEnd: @escaping @Sendable (RedisConnection.End) -> Void
  ) -> RedisConnection {
    RedisConnection.connect(
      to: host, port, on: group.next(), timeLimit: TimeAmount(timeLimit), maxReplyBytes: maxReplyBytes,
      onFirstReply: onFirstReply, onMessage: onMessage, onEnd: onEnd)
  }

  /// One that had no reply has failed, also when there was a connection.
  private func noteEnd(of number: Int, _ end: RedisConnection.End) {
    state.withLock { state in
      if state.number == number { state.connection = nil }
      guard !end.hadReply else { return }
      let backoff = min(Self.longestBackoff, Self.firstBackoff * (1 << min(state.failures, 10)))
      state.failures += 1
      state.retryAt = .now() + backoff
      state.lastFault = end.message
    }
  }
}
