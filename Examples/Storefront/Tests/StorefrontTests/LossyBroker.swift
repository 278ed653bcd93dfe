import Resilience

@testable import storefront

/// A broker that loses events, as one does that has lost its data, or has each event of an order twice.
struct LossyBroker: EventBroker {
  let broker = MemoryBroker(policy: BrokerPolicy(session: .seconds(3)))
  /// What is lost for a group is settled, and its handler never hears of it.
  var isLost: @Sendable (_ group: String, EncodedEvent) -> Bool = { _, _ in false }
  /// Whether each event of an order is followed by one of another id that says the same.
  var repeatsEach = false

  func publish(_ events: [EncodedEvent]) async throws {
    let copies = repeatsEach ? try events.filter { Topic.ofOrders.contains($0.type) }.map(Self.copy) : []
    try await broker.publish(events + copies)
  }

  private static func copy(_ event: EncodedEvent) throws -> EncodedEvent {
    try EncodedEvent(
      id: event.id + "/copy", source: event.source, type: event.type, subject: event.subject,
      time: event.time, contentType: event.contentType, extensions: event.extensions, data: event.data)
  }

  func join(_ group: BrokerGroup) async throws -> any BrokerConsumer {
    LossyConsumer(consumer: try await broker.join(group), group: group.name, isLost: isLost)
  }

  func removeGroup(_ name: String) async throws -> Bool { try await broker.removeGroup(name) }

  func deadLetters(of group: String?, after id: String?, limit: Int) async throws -> [BrokerDeadLetter] {
    try await broker.deadLetters(of: group, after: id, limit: limit)
  }

  func removeDeadLetter(_ id: String) async throws -> Bool { try await broker.removeDeadLetter(id) }

  func redrive(_ id: String, as event: EncodedEvent?) async throws -> Bool {
    try await broker.redrive(id, as: event)
  }
}

private struct LossyConsumer: BrokerConsumer {
  let consumer: any BrokerConsumer
  let group: String
  let isLost: @Sendable (String, EncodedEvent) -> Bool

  var heartbeatInterval: Duration { consumer.heartbeatInterval }

  func receive(limit: Int) async throws -> [BrokerDelivery] {
    while true {
      let deliveries = try await consumer.receive(limit: limit)
      let lost = deliveries.filter { isLost(group, $0.event) }
      guard !lost.isEmpty else { return deliveries }
      try await consumer.settle(lost.map { BrokerSettlement($0.receipt, .handled()) })
      let kept = deliveries.filter { delivery in !lost.contains { $0.event.id == delivery.event.id } }
      if !kept.isEmpty { return kept }
    }
  }

  func settle(_ settlements: [BrokerSettlement]) async throws -> [BrokerReceipt] {
    try await consumer.settle(settlements)
  }

  func heartbeat() async throws { try await consumer.heartbeat() }

  func leave() async throws { try await consumer.leave() }
}
