import Resilience
import ResilienceTestKit
import ResilienceTestSupport
import Testing

/// An inbox around a retry, and inside it: a further attempt is no duplicate, and a duplicate is one.
@Suite struct DeduplicatedStackTests {
  private struct Broken: Error {}

  @Test(arguments: [true, false])
  func anAttemptIsNoDuplicate(inboxIsOutside: Bool) throws {
    try Simulation(seed: 1).run { _ in
      let bus = EventBus(source: "tests")
      let inbox = Inbox()
      let attempts = Log<Int>()
      let bill = EventHandler("bill") { (event: Event<Int>) in
        attempts.append(event.attempt)
        if attempts.entries.count < 3 { throw Broken() }
      }
      if inboxIsOutside {
        try bus.subscribe(to: Self.number, group: "g", handler: bill.retry().deduplicate(inbox))
      } else {
        try bus.subscribe(to: Self.number, group: "g", handler: bill.deduplicate(inbox).retry())
      }
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { try await bus.run() }
        for _ in 0..<2 {
          try await bus.publish(Event(id: "a", source: "s", type: Self.number, data: 1))
          try await bus.waitUntilIdle()
        }
        group.cancelAll()
        while let result = await group.nextResult() { _ = result }
      }
      // One delivery of three attempts, and one that is dropped.
      #expect(attempts.entries == [1, 1, 1])
      let snapshot = inbox.snapshot()
      #expect((snapshot.handled, snapshot.duplicates) == (1, 1))
      #expect(snapshot.released == (inboxIsOutside ? 0 : 2))
    }
  }

  private static let number = EventType<Int>("number")
}
