internal import NIOCore

/// The side of a connection that lives on its event loop: what waits for replies, and their times.
final class RedisReplies: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer
  typealias OutboundOut = ByteBuffer

  /// Timers are no finer.
  private static let tick = TimeAmount.milliseconds(1)

  var onFirstReply: () -> Void = {}
  var onEnd: (RedisConnection.End) -> Void = { _ in }
  private let loop: any EventLoop
  private let timeLimit: TimeAmount
  private let onMessage: @Sendable (RESPValue) -> Void
  private var parser: RESPParser
  private var context: ChannelHandlerContext?
  private var unsent = ByteBuffer()
  private var waiting = CircularBuffer<RedisConnection.Pending>()
  private var timer: (task: Scheduled<Void>, deadline: NIODeadline)?
  private var isEnded = false
  private var hadReply = false

  init(
    _ loop: any EventLoop, timeLimit: TimeAmount, maxReplyBytes: Int,
    _ onMessage: @escaping @Sendable (RESPValue) -> Void
  ) {
    self.loop = loop
    self.timeLimit = timeLimit
    self.onMessage = onMessage
    parser = RESPParser(maxReplyBytes: maxReplyBytes)
  }

  // MARK: - Out

  func send(_ bytes: ByteBuffer, _ commands: [RedisConnection.Pending]) {
    waiting.append(contentsOf: commands)
    if let context, context.channel.isActive {
      context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
    } else {
      unsent.writeImmutableBuffer(bytes)
    }
    for command in commands { setTimer(at: min(command.deadline, command.sentAt + timeLimit)) }
  }

  /// Takes the channel that is connected.
  func adopt(_ channel: any Channel) {
    guard !isEnded else { return channel.close(promise: nil) }
    do {
      try channel.pipeline.syncOperations.addHandler(self)
      channel.setOption(.autoRead, value: true).whenFailure { _ in channel.close(promise: nil) }
    } catch {
      channel.close(promise: nil)
      end(.closed, "the connection failed: \(error)")
    }
  }

  // MARK: - In

  func handlerAdded(context: ChannelHandlerContext) {
    self.context = context
    guard context.channel.isActive else { return end(.closed, "the connection was closed at once") }
    if unsent.readableBytes > 0 { context.writeAndFlush(wrapOutboundOut(unsent), promise: nil) }
    unsent = ByteBuffer()
  }

  func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var bytes = unwrapInboundIn(data)
    parser.add(&bytes)
    do {
      while !isEnded, let reply = try parser.next() { receive(reply) }
    } catch {
      end(.malformedReply, error.message)
    }
  }

  private func receive(_ reply: RESPValue) {
    if reply.isMessage { return onMessage(reply) }
    guard let pending = waiting.popFirst() else {
      return end(.malformedReply, "a reply came that no command waits for")
    }
    if !hadReply {
      hadReply = true
      onFirstReply()
    }
    guard let completion = pending.completion else { return }
    if case .error(let message) = reply {
      let code = message.prefix { $0 != " " }
      completion(.failure(RedisError(.server(code: String(code)), pending.name, message)))
    } else {
      completion(.success(reply))
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    end(.closed, "the connection was closed by the other side")
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    end(.closed, "the connection failed: \(error)")
  }

  // MARK: - Ends

  /// Ends the connection, and what waits for replies with this error.
  func end(_ reason: RedisError.Reason, _ message: String) {
    guard !isEnded else { return }
    isEnded = true
    timer?.task.cancel()
    let failed = waiting
    waiting = []
    context?.close(promise: nil)
    let onEnd = onEnd
    self.onEnd = { _ in }
    onEnd(RedisConnection.End(reason: reason, message: message, hadReply: hadReply))
    for pending in failed { pending.completion?(.failure(RedisError(reason, pending.name, message))) }
  }

  private func setTimer() {
    guard let oldest = waiting.first else { return }
    let first = waiting.reduce(oldest.sentAt + timeLimit) { $1.completion == nil ? $0 : min($0, $1.deadline) }
    setTimer(at: first)
  }

  /// Unless it is set for an earlier time.
  private func setTimer(at deadline: NIODeadline) {
    if let timer {
      guard deadline < timer.deadline else { return }
      timer.task.cancel()
    }
    let here = NIOLoopBound(self, eventLoop: loop)
    let task = loop.scheduleTask(deadline: max(deadline, .now() + Self.tick)) { here.value.checkTimes() }
    timer = (task, deadline)
  }

  private func checkTimes() {
    timer = nil
    let now = NIODeadline.now()
    var late: [RedisConnection.Pending] = []
    for index in waiting.indices where waiting[index].deadline <= now {
      guard waiting[index].completion != nil else { continue }
      late.append(waiting[index])
      waiting[index].completion = nil
    }
    if let oldest = waiting.first, oldest.sentAt + timeLimit <= now {
      end(.closed, "\(oldest.name) had no reply, and the connection was given up")
    }
    for pending in late {
      let message = "no reply within \(now - pending.sentAt)"
      pending.completion?(.failure(RedisError(.timedOut, pending.name, message)))
    }
    setTimer()
  }
}

extension RESPValue {
  /// Whether it comes of Redis' own accord: a message of a channel that was subscribed to.
  fileprivate var isMessage: Bool {
    guard case .array(let items) = self, items.count == 3, case .bulk(let kind) = items[0] else {
      return false
    }
    return kind == ByteBuffer(string: "message")
  }
}
