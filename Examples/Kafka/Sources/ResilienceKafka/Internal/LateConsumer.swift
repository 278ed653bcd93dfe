internal import Resilience
internal import Synchronization

/// A consumer that comes into Kafka's group when it receives for the first time.
final class LateConsumer: BrokerConsumer {
  let heartbeatInterval: Duration
  private let join: @Sendable () async throws -> KafkaConsumer
  private let joined = Mutex<KafkaConsumer?>(nil)

  init(heartbeatInterval: Duration, _ join: @escaping @Sendable () async throws -> KafkaConsumer) {
    self.heartbeatInterval = heartbeatInterval
    self.join = join
  }

  func receive(limit: Int) async throws -> [BrokerDelivery] {
    if let consumer = joined.withLock(\.self) { return try await consumer.receive(limit: limit) }
    let new = try await join()
    // Of two calls at once one is the first; what the other one has made leaves.
    let consumer = joined.withLock { joined in
      if joined == nil { joined = new }
      return joined ?? new
    }
    return try await consumer.receive(limit: limit)
  }

  func settle(_ settlements: [BrokerSettlement]) async throws -> [BrokerReceipt] {
    guard let consumer = joined.withLock(\.self) else { return settlements.map(\.receipt) }
    return try await consumer.settle(settlements)
  }

  func heartbeat() async throws { try await joined.withLock(\.self)?.heartbeat() }

  func leave() async throws { try await joined.withLock(\.self)?.leave() }
}
