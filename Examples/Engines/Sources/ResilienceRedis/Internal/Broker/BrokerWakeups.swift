internal import NIOCore
internal import Resilience
internal import Synchronization

/// Tells those who wait for events that there may be some: a connection of its own that Redis' messages come
/// by.
///
/// A message may be lost with the connection: whoever waits looks for itself from time to time. One that was cut
/// without a word is found out by asking it.
final class BrokerWakeups: Sendable {
  typealias Waiter = PendingReply<Wake, Never>

  enum Wake: Sendable {
    case message, time, cancelled
  }

  private enum Subscription {
    case none(retryAt: NIODeadline)
    case connecting
    case subscribed(RedisConnection)
  }

  private struct State {
    var subscription = Subscription.none(retryAt: .uptimeNanoseconds(0))
    var waiters: [UInt64: (group: String, waiter: Waiter)] = [:]
    var lastNumber: UInt64 = 0
  }

  private static let backoff = TimeAmount.milliseconds(100)

  private let redis: RedisClient
  private let channel: String
  private let pingInterval: TimeAmount
  private let state = Mutex(State())

  init(_ redis: RedisClient, channel: String, pingInterval: TimeAmount = .seconds(5)) {
    self.redis = redis
    self.channel = channel
    self.pingInterval = pingInterval
  }

  deinit {
    if case .subscribed(let connection) = state.withLock({ $0.subscription }) { connection.close() }
  }

  /// Whether messages come: else whoever waits looks for itself more often.
  var isSubscribed: Bool {
    if case .subscribed = state.withLock({ $0.subscription }) { true } else { false }
  }

  /// Before it asks for events, so that no message is missed.
  func add(_ waiter: Waiter, for group: String) -> UInt64 {
    let (number, isFirst) = state.withLock { state in
      state.lastNumber += 1
      state.waiters[state.lastNumber] = (group, waiter)
      guard case .none(let retryAt) = state.subscription, .now() >= retryAt else {
        return (state.lastNumber, false)
      }
      state.subscription = .connecting
      return (state.lastNumber, true)
    }
    if isFirst { subscribe() }
    return number
  }

  func remove(_ number: UInt64) { state.withLock { _ = $0.waiters.removeValue(forKey: number) } }

  private func subscribe() {
    let connection = redis.connect(
      onMessage: { [weak self] in self?.receive($0) }, onEnd: { [weak self] in self?.end() })
    guard let connection else { return end() }
    let deadline = NIODeadline.now() + TimeAmount(redis.timeLimit)
    connection.send(RESPCommand("SUBSCRIBE", [.text(channel)]), deadline: deadline) { [weak self] result in
      guard let self, case .success = result else { return connection.close() }
      state.withLock { state in
        if case .connecting = state.subscription { state.subscription = .subscribed(connection) }
      }
      ping(connection)
      // What was published before nobody was told of.
      wake { _ in true }
    }
  }

  /// A connection on which a command has no reply is given up, and ends.
  private func ping(_ connection: RedisConnection) {
    let timeLimit = TimeAmount(redis.timeLimit)
    connection.loop.scheduleRepeatedTask(initialDelay: pingInterval, delay: pingInterval) { task in
      connection.send(RESPCommand("PING", []), deadline: .now() + timeLimit) { result in
        if case .failure = result { task.cancel() }
      }
    }
  }

  private func end() {
    state.withLock { $0.subscription = .none(retryAt: .now() + Self.backoff) }
    wake { _ in true }
  }

  private func receive(_ message: RESPValue) {
    guard case .array(let items) = message, let group = try? items.last?.text("a group") else { return }
    wake { group == "*" || $0 == group }
  }

  private func wake(_ isMeant: (_ group: String) -> Bool) {
    let woken = state.withLock { state in
      state.waiters.values.filter { isMeant($0.group) }.map(\.waiter)
    }
    for waiter in woken { waiter.give(.success(.message)) }
  }
}
