import ResilienceCore
import ResilienceTestKit
import Testing

@testable import ResilienceEventBus

extension EventBrokerContract {
  /// Those that do not wait for the end of a session. The tests of the simulator keep all cores busy for
  /// seconds, so that real sessions would end that are not let end.
  static let withoutSessionEnds = cases.filter {
    ![
      "whatADeadConsumerHeldIsTakenOver", "aConsumerThatWaitsTakesOver", "aHeartbeatKeepsWhatIsHeld",
      "aConsumerThatWaitsIsThere",
    ]
    .contains($0.name)
  }
}

@Suite struct MemoryBrokerTests {
  @Test(arguments: EventBrokerContract.cases)
  func theBrokerInMemoryKeepsItsPromises(promise: EventBrokerContract.Case) throws {
    for seed in 0..<10 as Range<UInt64> {
      try Simulation(seed: seed).run { _ in
        try await promise.run(MemoryBroker(policy: BrokerPolicy(checkpointInterval: 20)))
      }
    }
  }

  @Test(arguments: EventBrokerContract.withoutSessionEnds)
  func itKeepsThemOnRealThreads(promise: EventBrokerContract.Case) async throws {
    try await promise.run(MemoryBroker(policy: BrokerPolicy(session: .seconds(3600))))
  }

  @Test func whatIsSettledMakesRoom() throws {
    try Simulation(seed: 1).run { _ in
      let broker = MemoryBroker(capacity: 10)
      try await broker.publish(try (0..<10).map(event))
      try await broker.publish(try (10..<20).map(event))
      let consumer = try await broker.join(BrokerGroup("g"))
      try await broker.publish(try (20..<30).map(event))
      await #expect(throws: BrokerFull(capacity: 10)) { try await broker.publish([try event(30)]) }
      let deliveries = try await consumer.receive(limit: 4)
      try await consumer.settle(deliveries.map { BrokerSettlement($0.receipt, .handled()) })
      try await broker.publish(try (30..<34).map(event))
      await #expect(throws: BrokerFull(capacity: 10)) { try await broker.publish([try event(34)]) }
    }
  }

  private func event(_ number: Int) throws -> EncodedEvent {
    try EncodedEvent(id: "\(number)", source: "/tests", type: "t", subject: "key")
  }
}
