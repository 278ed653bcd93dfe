import ResilienceCore
import ResilienceTestKit
import Testing

@testable import ResilienceEventBus

/// The contract itself can fail: brokers that break one promise each.
@Suite struct EventBrokerContractTests {
  @Test(arguments: BrokenBroker.Fault.allCases)
  fileprivate func aBrokenPromiseIsFound(fault: BrokenBroker.Fault) {
    let found = EventBrokerContract.cases.filter { promise in
      do {
        try Simulation(seed: 1).run { _ in try await promise.run(BrokenBroker(fault)) }
        return false
      } catch {
        return true
      }
    }
    #expect(!found.isEmpty, "nothing found that a broker \(fault)")
  }
}

private final class BrokenBroker: EventBroker {
  enum Fault: CaseIterable {
    case reverses, losesLeftEvents, repeatsHandled, acceptsStale, forgetsCounts, dropsOutbox, keepsLetters
    case ignoresFilter, losesHistory, redrivesForAll, forgetsTheRest, letsRedriveTwice, ignoresTime
  }

  let fault: Fault
  let broker = MemoryBroker()

  init(_ fault: Fault) {
    self.fault = fault
  }

  func publish(_ events: [EncodedEvent]) async throws {
    let events = fault == .reverses ? events.reversed() : events
    try await broker.publish(fault == .ignoresTime ? events.map(\.withoutNotBefore) : events)
  }

  func join(_ group: BrokerGroup) async throws -> any BrokerConsumer {
    let joined = fault == .ignoresFilter ? BrokerGroup(group.name) : group
    return BrokenConsumer(broker: self, consumer: try await broker.join(joined))
  }

  func removeGroup(_ name: String) async throws -> Bool {
    fault == .forgetsTheRest ? true : try await broker.removeGroup(name)
  }

  func deadLetters(of group: String?, after id: String?, limit: Int) async throws -> [BrokerDeadLetter] {
    try await broker.deadLetters(of: group, after: id, limit: limit)
  }

  func removeDeadLetter(_ id: String) async throws -> Bool {
    fault == .keepsLetters ? true : try await broker.removeDeadLetter(id)
  }

  func redrive(_ id: String, as event: EncodedEvent?) async throws -> Bool {
    if fault == .redrivesForAll, let letter = try await deadLetters().first(where: { $0.id == id }) {
      try await broker.publish([event ?? letter.event])
      return try await broker.removeDeadLetter(id)
    }
    let isDone = try await broker.redrive(id, as: event)
    return fault == .letsRedriveTwice ? true : isDone
  }
}

private struct BrokenConsumer: BrokerConsumer {
  let broker: BrokenBroker
  let consumer: any BrokerConsumer

  var heartbeatInterval: Duration { consumer.heartbeatInterval }

  func receive(limit: Int) async throws -> [BrokerDelivery] {
    try await consumer.receive(limit: limit).map { delivery in
      BrokerDelivery(
        receipt: delivery.receipt, event: delivery.event,
        deliveries: broker.fault == .forgetsCounts ? 0 : delivery.deliveries,
        history: broker.fault == .losesHistory ? [] : delivery.history)
    }
  }

  func settle(_ settlements: [BrokerSettlement]) async throws -> [BrokerReceipt] {
    let changed = settlements.map { settlement in
      switch (broker.fault, settlement.outcome) {
      case (.dropsOutbox, .handled): BrokerSettlement(settlement.receipt, .handled())
      case (.repeatsHandled, .handled): BrokerSettlement(settlement.receipt, .returned(deliveries: 0))
      case (.losesLeftEvents, .returned): BrokerSettlement(settlement.receipt, .handled())
      default: settlement
      }
    }
    let stale = try await consumer.settle(changed)
    return broker.fault == .acceptsStale ? [] : stale
  }

  func heartbeat() async throws { try await consumer.heartbeat() }
  func leave() async throws { try await consumer.leave() }
}
