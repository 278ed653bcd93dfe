internal import ResilienceCore

/// A consumer of a mirrored broker.
final class MirroredConsumer: BrokerConsumer {
  private let broker: MirroredBroker
  private let group: MirrorGroup
  private let front: LogConsumer

  init(_ broker: MirroredBroker, _ group: MirrorGroup, _ front: LogConsumer) {
    self.broker = broker
    self.group = group
    self.front = front
  }

  var heartbeatInterval: Duration { front.heartbeatInterval }

  func receive(limit: Int) async throws -> [BrokerDelivery] {
    let (front, group, sides) = (front, group, broker.sides)
    return try await withThrowingTaskGroup(of: [BrokerDelivery]?.self) { tasks in
      defer { tasks.cancelAll() }
      tasks.addTask { try await front.receive(limit: limit) }
      for side in sides {
        tasks.addTask {
          await group.pump(side)
          return nil
        }
      }
      for try await case let deliveries? in tasks { return deliveries }
      throw CancellationError()
    }
  }

  func settle(_ settlements: [BrokerSettlement]) async throws -> [BrokerReceipt] {
    try await front.settle(settlements)
  }

  func heartbeat() async throws {
    try await front.heartbeat()
    await group.heartbeat()
  }

  func leave() async throws {
    try await front.leave()
    await broker.left(group)
  }
}
