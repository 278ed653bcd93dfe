import ResilienceCore
import ResilienceTestKit
import ResilienceTestSupport
import Testing

@testable import ResilienceEventBus

/// What a delivery takes (its subject's turn, a token of the budget for its redelivery, the inbox's claim)
/// against every way out of its handler: what is given back, and what is counted.
@Suite struct WaysOutTests {
  /// How the first delivery of the first event ends. The bus shuts down at 100 ms and runs again, or the
  /// delivery's limit of a second passes, which is deaf to it in the last.
  enum Way: String, CaseIterable, Sendable {
    case success, failure, lateFailure, lateValue, refusal, shutdown, shutdownWithAnErrorOfItsOwn, abandonment
  }

  private struct Mine: Error {}

  private static func walk(_ way: Way) async throws {
    let clock = CallContext.current.clock
    switch way {
    case .success: break
    case .failure: throw Broken()
    case .lateFailure:
      await uninterrupted(for: .milliseconds(1_005))
      throw Broken()
    case .lateValue: await uninterrupted(for: .milliseconds(1_005))
    case .refusal: throw Busy(retryAt: nil)
    case .shutdown: try await clock.sleep(for: .seconds(60))
    case .shutdownWithAnErrorOfItsOwn:
      do { try await clock.sleep(for: .seconds(60)) } catch { throw Mine() }
    case .abandonment:
      await uninterrupted(for: .seconds(60))
      throw Broken()
    }
  }

  /// Deliveries in their order (the event's number and the attempt), and when the second event's turn came;
  /// tokens of five; events that the inbox holds for a handler, and that it remembers.
  private static let table: [Way: String] = [
    .success: "1.1 2.1 at 0 s, 5 tokens, 0 held, 2 remembered",
    // The redelivery's token is spent: it was made.
    .failure: "1.1 1.2 2.1 at 1 s, 4 tokens, 0 held, 2 remembered",
    .lateFailure: "1.1 1.2 2.1 at 2 s, 4 tokens, 0 held, 2 remembered",
    .lateValue: "1.1 2.1 at 1 s, 5 tokens, 0 held, 2 remembered",
    // Nothing was sent: its redelivery is no extra load.
    .refusal: "1.1 1.2 2.1 at 1 s, 5 tokens, 0 held, 2 remembered",
    // The attempt that was interrupted does not count.
    .shutdown: "1.1 1.1 2.1 at 1 s, 5 tokens, 0 held, 2 remembered",
    .shutdownWithAnErrorOfItsOwn: "1.1 1.1 2.1 at 1 s, 5 tokens, 0 held, 2 remembered",
    // The turn is kept until the work has ended.
    .abandonment: "1.1 1.2 2.1 at 61 s, 4 tokens, 0 held, 2 remembered",
  ]

  @Test(arguments: Way.allCases)
  func whatIsTakenComesBackOnEveryWayOut(way: Way) throws {
    for seed in 1...10 as ClosedRange<UInt64> {
      let found = try Simulation(seed: seed).run { sim in
        let (bus, inbox, log, first) = (EventBus(source: "tests"), Inbox(), Log<String>(), Log<Int>())
        let turn = Log<Int64>()
        let budget = RetryBudget(ratio: 0, reserve: 5, refillInterval: nil)
        let policy = DeliveryPolicy(
          maxDeliveries: 2, backoff: .constant(.seconds(1), jitter: .none), timeout: .seconds(1))
        try bus.subscribe(
          to: Topic.number, group: "g", policy: policy, budget: budget,
          handler: EventHandler("g") { (event: Event<Int>) in
            log.append("\(event.data).\(event.attempt)")
            if event.data == 2 { turn.append(sim.now.nanoseconds / 1_000_000_000) }
            guard event.data == 1, first.entries.isEmpty else { return }
            first.append(1)
            try await Self.walk(way)
          }.deduplicate(inbox))
        for number in 1...2 { try await bus.publish(number, as: Topic.number, subject: "s") }
        if way == .shutdown || way == .shutdownWithAnErrorOfItsOwn {
          try await bus.running { try await sim.sleep(for: .milliseconds(100)) }
          try await sim.sleep(for: .seconds(1))
        }
        try await bus.running { try await bus.waitUntilIdle() }
        let snapshot = inbox.snapshot()
        #expect(bus.deadLetters.count == 0)
        return "\(log.entries.joined(separator: " ")) at \(turn.entries.map(String.init).joined()) s, "
          + "\(budget.available) tokens, \(snapshot.reserved) held, \(snapshot.remembered) remembered"
      }
      #expect(found == Self.table[way], "seed \(seed)")
    }
  }
}
