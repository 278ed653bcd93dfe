import ResilienceCore
import ResilienceTestKit
import Testing

@testable import ResilienceEventBus

/// Publishers and consumers at work at the same time, checkpoints between them, and a crash in the middle.
@Suite struct BrokerConcurrentCrashTests {
  private final class Known: Sendable {
    struct State {
      var stored: Set<Int> = []
      var handled: Set<Int> = []
      /// Settlements without an answer.
      var open: Set<Int> = []
      var problems: [String] = []
    }

    let state = Lock(State())

    func stored(_ number: Int) { state.withLock { _ = $0.stored.insert(number) } }

    func settles(_ number: Int) { state.withLock { _ = $0.open.insert(number) } }

    func handled(_ number: Int) {
      state.withLock { state in
        state.open.remove(number)
        state.handled.insert(number)
      }
    }
  }

  @Test(arguments: 0..<4 as Range<UInt64>)
  func whatWasAcknowledgedToAnybodySurvives(block: UInt64) throws {
    for seed in block * 10..<(block + 1) * 10 {
      let problems = try onDisk(seed: seed) { disk, simulation in
        let known = Known()
        for life in 0..<3 {
          let changes = 20 + Int(seed * 7919 + UInt64(life) * 104_729) % 150
          disk.crash(afterChanges: changes)
          await live(life, known, disk, simulation)
          if seed % 2 == 0 { disk.loseState() } else { disk.kill() }
        }
        return try await findProblems(known, disk)
      }
      #expect(problems == [], "seed \(seed)")
      if !problems.isEmpty { return }
    }
  }

  private func live(_ life: Int, _ known: Known, _ disk: SimulatedDisk, _ simulation: Simulation) async {
    guard let broker = try? await openBroker(disk, BrokerPolicy(window: 20, checkpointInterval: 9)) else {
      return
    }
    await withTaskGroup { tasks in
      tasks.addTask {
        await withTaskGroup { publishers in
          for publisher in 0..<3 {
            publishers.addTask { await publish(life * 1000 + publisher, broker, known) }
          }
        }
      }
      for _ in 0..<2 {
        tasks.addTask { try? await consume(broker, known) }
      }
      await tasks.next()
      try? await simulation.sleep(for: .milliseconds(20))
      tasks.cancelAll()
    }
  }

  private func publish(_ first: Int, _ broker: JournalBroker, _ known: Known) async {
    for number in stride(from: first, to: first + 400, by: 10) {
      guard (try? await broker.publish([try event(number)])) != nil else { return }
      known.stored(number)
    }
  }

  /// Settles each delivery by itself, several at the same time, in any order.
  private func consume(_ broker: JournalBroker, _ known: Known) async throws {
    let consumer = try await broker.join(BrokerGroup("g", start: .oldest))
    while true {
      let deliveries = try await consumer.receive(limit: 4)
      try await withThrowingTaskGroup { tasks in
        for delivery in deliveries {
          if known.state.withLock({ $0.handled.contains(delivery.number) }) {
            known.state.withLock { $0.problems.append("\(delivery.number) came after it was settled") }
          }
          known.stored(delivery.number)
          known.settles(delivery.number)
          tasks.addTask {
            let stale = try await consumer.settle([BrokerSettlement(delivery.receipt, .handled())])
            if stale.isEmpty { known.handled(delivery.number) }
          }
        }
        try await tasks.waitForAll()
      }
    }
  }

  private func findProblems(_ known: Known, _ disk: SimulatedDisk) async throws -> [String] {
    let broker = try await openBroker(disk)
    let consumer = try await broker.join(BrokerGroup("g", start: .oldest))
    let seen = SeenDeliveries()
    while true {
      let before = seen.count
      try await withThrowingTaskGroup { tasks in
        tasks.addTask { seen.add(try await consumer.receive(limit: 20)) }
        tasks.addTask { try await CallContext.current.clock.sleep(for: .milliseconds(50)) }
        try await tasks.next()
        tasks.cancelAll()
      }
      if seen.count == before { break }
      let new = seen.deliveries[before...]
      try await consumer.settle(new.map { BrokerSettlement($0.receipt, .handled()) })
    }
    let present = seen.deliveries.map(\.number)
    let state = known.state.withLock { $0 }
    var problems = state.problems
    problems += present.filter(state.handled.contains).map { "\($0) was settled, and came again" }
    let lost = state.stored.subtracting(state.handled).subtracting(state.open).subtracting(present)
    if !lost.isEmpty { problems.append("lost \(lost.sorted())") }
    for publisher in 0..<3 {
      let own = present.filter { $0 % 10 == publisher }
      if own != own.sorted() { problems.append("the order of one key was \(own)") }
    }
    return problems
  }

  private func event(_ number: Int) throws -> EncodedEvent {
    try EncodedEvent(
      id: "\(number)", source: "/tests", type: "t", subject: "key \(number % 10)",
      data: Array(repeating: 7, count: 100))
  }
}
