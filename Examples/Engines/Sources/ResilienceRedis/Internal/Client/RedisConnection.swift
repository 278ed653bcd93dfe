internal import NIOCore
internal import NIOPosix
internal import Synchronization

/// One connection, on which commands are sent one behind the other without waiting for the replies.
///
/// The n-th reply is the n-th command's, whatever became of those who wait: a command whose time is over
/// keeps its place. A connection on which the oldest command has no reply within the time limit is given up.
final class RedisConnection: Sendable {
  typealias Completion = @Sendable (Result<RESPValue, RedisError>) -> Void

  struct End: Sendable {
    let reason: RedisError.Reason
    let message: String
    let hadReply: Bool
  }

  struct Pending: Sendable {
    let name: String
    let sentAt: NIODeadline
    let deadline: NIODeadline
    /// `nil` once it was called.
    var completion: Completion?
  }

  private struct Outbox {
    var bytes = ByteBuffer()
    var commands: [Pending] = []
    var isScheduled = false
    var end: End?
  }

  let loop: any EventLoop
  private let outbox = Mutex(Outbox())
  /// `nil` until the connection is begun, on its loop.
  private let replies: NIOLoopBoundBox<RedisReplies?>

  /// Begins to connect; commands can be sent at once.
  ///
  /// - Parameters:
  ///   - resolver: Finds the host's addresses. Default: the system's.
  ///   - onFirstReply: Is told once, when the first reply comes.
  ///   - onMessage: Is told of what Redis sends of its own accord.
  ///   - onEnd: Is told once when the connection has ended.
  static func connect(
    to host: String, _ port: Int, on loop: any EventLoop, timeLimit: TimeAmount, maxReplyBytes: Int,
    resolver: (any Resolver & Sendable)? = nil,
    onFirstReply: @escaping @Sendable () -> Void = {},
    onMessage: @escaping @Sendable (RESPValue) -> Void = { _ in },
    onEnd: @escaping @Sendable (End) -> Void = { _ in }
  ) -> RedisConnection {
    let connection = RedisConnection(loop)
    loop.execute {
      let replies = RedisReplies(loop, timeLimit: timeLimit, maxReplyBytes: maxReplyBytes, onMessage)
      replies.onFirstReply = onFirstReply
      replies.onEnd = { end in
        connection.outbox.withLock { $0.end = $0.end ?? end }
        connection.drain()
        onEnd(end)
      }
      connection.replies.value = replies
      connection.open(host, port, timeLimit, resolver, NIOLoopBound(replies, eventLoop: loop))
    }
    return connection
  }

  private init(_ loop: any EventLoop) {
    self.loop = loop
    replies = NIOLoopBoundBox.makeEmptyBox(valueType: RedisReplies.self, eventLoop: loop)
  }

  private func open(
    _ host: String, _ port: Int, _ timeLimit: TimeAmount, _ resolver: (any Resolver & Sendable)?,
    _ replies: NIOLoopBound<RedisReplies>
  ) {
    ClientBootstrap(group: loop)
      .resolver(resolver)
      .channelOption(.tcpOption(.tcp_nodelay), value: 1)
      .connectTimeout(timeLimit)
      // A name may have several addresses, which are tried beside each other: one of the channels is taken.
      .channelOption(.autoRead, value: false)
      .connect(host: host, port: port)
      .whenComplete { result in
        switch result {
        case .success(let channel): replies.value.adopt(channel)
        case .failure(let error):
          replies.value.end(.refused, "no connection to \(host):\(port): \(error)")
        }
      }
  }

  // MARK: - Sending

  /// Sends a command. The completion is called once, on the connection's event loop.
  func send(_ command: RESPCommand, deadline: NIODeadline, completion: @escaping Completion) {
    let pending = Pending(name: command.name, sentAt: .now(), deadline: deadline, completion: completion)
    let isFirst = outbox.withLock { outbox in
      outbox.bytes.writeImmutableBuffer(command.bytes)
      outbox.commands.append(pending)
      defer { outbox.isScheduled = true }
      return !outbox.isScheduled
    }
    if isFirst { loop.execute { self.drain() } }
  }

  /// Ends the connection; commands that wait for replies fail.
  func close() {
    loop.execute { self.replies.value?.end(.closed, "the client was closed") }
  }

  private func drain() {
    let (bytes, commands, end) = outbox.withLock { outbox in
      defer {
        outbox.bytes = ByteBuffer()
        outbox.commands = []
        outbox.isScheduled = false
      }
      return (outbox.bytes, outbox.commands, outbox.end)
    }
    guard let end else {
      if !commands.isEmpty { replies.value?.send(bytes, commands) }
      return
    }
    for command in commands {
      command.completion?(.failure(RedisError(end.reason, command.name, end.message)))
    }
  }
}
