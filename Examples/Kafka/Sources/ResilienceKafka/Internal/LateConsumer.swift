internal import Resilience
internal import Synchronization

/// A consumer that comes into Kafka's group when it receives for the first time.
final class LateConsumer: BrokerConsumer {
  private enum State {
    case waiting
    case joined(KafkaConsumer)
    case left
  }

  let heartbeatInterval: Duration
  private let group: String
  private let join: @Sendable () async throws -> KafkaConsumer
  private let state = Mutex(State.waiting)

  init(
    of group: String, heartbeatInterval: Duration,
    _ join: @escaping @Sendable () async throws -> KafkaConsumer
  ) {
    self.group = group
    self.heartbeatInterval = heartbeatInterval
    self.join = join
  }

  func receive(limit: Int) async throws -> [BrokerDelivery] {
    if let consumer = try joined() { return try await consumer.receive(limit: limit) }
    let new = try await join()
    // Of two calls at once one is the first; what the other one has made leaves, as it is dropped. So does
    // what comes when this one has left meanwhile.
    state.withLock { if case .waiting = $0 { $0 = .joined(new) } }
    guard let consumer = try joined() else { throw BrokerSessionEnded(group: group) }
    return try await consumer.receive(limit: limit)
  }

  func settle(_ settlements: [BrokerSettlement]) async throws -> [BrokerReceipt] {
    guard let consumer = try joined() else { return settlements.map(\.receipt) }
    return try await consumer.settle(settlements)
  }

  func heartbeat() async throws { try await joined()?.heartbeat() }

  func leave() async throws {
    let consumer: KafkaConsumer? = state.withLock { state in
      defer { state = .left }
      if case .joined(let consumer) = state { return consumer }
      return nil
    }
    try await consumer?.leave()
  }

  /// - Returns: `nil` before the first call that receives.
  /// - Throws: `BrokerSessionEnded` when it has left.
  private func joined() throws -> KafkaConsumer? {
    switch state.withLock({ $0 }) {
    case .waiting: nil
    case .joined(let consumer): consumer
    case .left: throw BrokerSessionEnded(group: group)
    }
  }
}
