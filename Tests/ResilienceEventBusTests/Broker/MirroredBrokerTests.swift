import ResilienceCore
import ResilienceTestKit
import Testing

@testable import ResilienceEventBus

@Suite struct MirroredBrokerTests {
  /// A copy that its side had not given out when the group's last consumer left knows nothing of how often
  /// the other one was delivered, nor of its death.
  static let promisesOfCopies: Set = [
    "whatWasNotSettledComesAgainBeforeWhatFollows", "aDeadLetterIsKeptWithItsReason",
    "aRedrivenEventComesToItsGroupAlone", "aLetterStaysWhenItsGroupIsGone",
  ]

  @Test(arguments: EventBrokerContract.cases)
  func twoBrokersKeepThePromisesOfOne(promise: EventBrokerContract.Case) throws {
    try withKnownIssue("the other side's copy is not known", isIntermittent: true) {
      for seed in 0..<20 as Range<UInt64> {
        try Simulation(seed: seed).run { _ in
          try await promise.run(MirroredBroker(MemoryBroker(), MemoryBroker()))
        }
      }
    } when: {
      Self.promisesOfCopies.contains(promise.name)
    }
  }

  @Test(arguments: MirrorSide.allCases)
  func theLossOfEitherSideLosesNothing(lost: MirrorSide) throws {
    try Simulation(seed: 3).run { _ in
      let (primary, secondary) = (FailingBroker(), FailingBroker())
      let broker = MirroredBroker(primary, secondary, name: "bus")
      let consumer = try await broker.join(BrokerGroup("g"))
      try await broker.publish(try (0..<10).map(event))
      (lost == .primary ? primary : secondary).fails(always: true)
      try await broker.publish(try (10..<20).map(event))
      let numbers = try await handle(20, consumer)
      #expect(numbers == Array(0..<20))
      let sides = broker.snapshot().sides
      #expect(sides[lost.index].isHealthy == false)
      #expect(sides[lost.index].failures > 0)
      #expect(sides[1 - lost.index].isHealthy)
    }
  }

  @Test func aSideThatIsLostAndBackIsToldOnceEach() throws {
    let log = EventRecorder()
    try Simulation(seed: 3).run { simulation in
      let secondary = FailingBroker()
      let broker = MirroredBroker(MemoryBroker(), secondary, name: "bus") { log.record($0) }
      let consumer = try await broker.join(BrokerGroup("g"))
      secondary.fails(always: true)
      for number in 0..<5 { try await broker.publish([try event(number)]) }
      _ = try await handle(5, consumer)
      secondary.fails(always: false)
      try await broker.publish([try event(5)])
      _ = try await handle(1, consumer)
      // The side is asked again a while after it has failed.
      try await withThrowingTaskGroup { tasks in
        tasks.addTask { _ = try await consumer.receive(limit: 1) }
        try await simulation.sleep(for: .seconds(3))
        tasks.cancelAll()
      }
    }
    let kinds = log.events.compactMap { ($0 as? MirrorEvent)?.kind }
    #expect(kinds == [.lost(error: "Lost()"), .returned])
  }

  @Test func bothLostIsAnErrorOfThePrimary() throws {
    try Simulation(seed: 3).run { _ in
      let sides = [FailingBroker(), FailingBroker()]
      let broker = MirroredBroker(sides[0], sides[1])
      for side in sides { side.fails(always: true) }
      await #expect(throws: FailingBroker.Lost.self) { try await broker.publish([try event(0)]) }
      await #expect(throws: FailingBroker.Lost.self) { _ = try await broker.join(BrokerGroup("g")) }
    }
  }

  @Test(arguments: 0..<5 as Range<UInt64>)
  func eitherSideFailingAtRandomLosesNothing(block: UInt64) throws {
    for seed in block * 20..<(block + 1) * 20 {
      let missing = try Simulation(seed: seed).run { simulation in
        let random = SeededRandomSource(seed: seed)
        let sides = [FailingBroker(), FailingBroker()]
        let broker = MirroredBroker(sides[0], sides[1])
        let consumer = try await broker.join(BrokerGroup("g"))
        var expected: Set<Int> = []
        for number in 0..<60 {
          // One at a time: what only one side has is lost with it.
          let failing = random.next(below: 3)
          for (index, side) in sides.enumerated() { side.fails(always: index == failing) }
          try await broker.publish([try event(number)])
          expected.insert(number)
          if random.next(below: 3) == 0 { try await simulation.sleep(for: .milliseconds(300)) }
        }
        for side in sides { side.fails(always: false) }
        let handled = try await handle(60, consumer)
        return expected.subtracting(handled).sorted()
      }
      #expect(missing == [], "seed \(seed)")
    }
  }

  /// Receives and settles so many.
  private func handle(_ count: Int, _ consumer: any BrokerConsumer) async throws -> [Int] {
    var numbers: [Int] = []
    while numbers.count < count {
      let deliveries = try await consumer.receive(limit: 5)
      numbers += deliveries.map(\.number)
      let stale = try await consumer.settle(deliveries.map { BrokerSettlement($0.receipt, .handled()) })
      #expect(stale.isEmpty)
    }
    return numbers
  }

  private func event(_ number: Int) throws -> EncodedEvent {
    try EncodedEvent(id: "\(number)", source: "/tests", type: "t", subject: "key")
  }
}

/// A broker in memory that fails on request.
final class FailingBroker: EventBroker {
  struct Lost: Error {}

  private let broker = MemoryBroker()
  private let isLost = Lock(false)

  func fails(always: Bool) { isLost.withLock { $0 = always } }

  func check() throws { if isLost.withLock({ $0 }) { throw Lost() } }

  func publish(_ events: [EncodedEvent]) async throws {
    try check()
    try await broker.publish(events)
  }

  func join(_ group: BrokerGroup) async throws -> any BrokerConsumer {
    try check()
    return FailingConsumer(broker: self, consumer: try await broker.join(group))
  }

  func removeGroup(_ name: String) async throws -> Bool {
    try check()
    return try await broker.removeGroup(name)
  }

  func deadLetters(of group: String?, after id: String?, limit: Int) async throws -> [BrokerDeadLetter] {
    try check()
    return try await broker.deadLetters(of: group, after: id, limit: limit)
  }

  func removeDeadLetter(_ id: String) async throws -> Bool {
    try check()
    return try await broker.removeDeadLetter(id)
  }

  func redrive(_ id: String, as event: EncodedEvent?) async throws -> Bool {
    try check()
    return try await broker.redrive(id, as: event)
  }
}

private struct FailingConsumer: BrokerConsumer {
  let broker: FailingBroker
  let consumer: any BrokerConsumer

  var heartbeatInterval: Duration { consumer.heartbeatInterval }

  func receive(limit: Int) async throws -> [BrokerDelivery] {
    try broker.check()
    return try await consumer.receive(limit: limit)
  }

  func settle(_ settlements: [BrokerSettlement]) async throws -> [BrokerReceipt] {
    try broker.check()
    return try await consumer.settle(settlements)
  }

  func heartbeat() async throws {
    try broker.check()
    try await consumer.heartbeat()
  }

  func leave() async throws {
    try broker.check()
    try await consumer.leave()
  }
}
