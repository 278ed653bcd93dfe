import ResilienceCore
import ResilienceTestKit
import ResilienceTestSupport
import Testing

@testable import ResilienceEventBus

/// Consumers that die at every point, with the whole stack: outbox, inbox, lease, redelivery.
@Suite struct EventBusCrashTests {
  /// run() is cancelled wherever it may be, and begun again: the event is handled once, and so is what it
  /// publishes.
  @Test func whereverRunIsCancelledAnEventAndItsOwnAreHandledOnce() throws {
    let exploration = try Simulation.exploreEveryInterleaving(limit: 10_000) { sim in
      let bus = EventBus(source: "tests")
      let inbox = Inbox()
      let (handled, followers) = (Log<Int>(), Log<Int>())
      try bus.subscribe(
        to: Topic.number, group: "g", policy: .every(.seconds(1), parallelism: 1),
        handler: EventHandler("g") { (event: Event<Int>) in
          await Task.yield()
          try Task.checkCancellation()
          try await bus.publish("\(event.data)", as: Topic.text)
          handled.append(event.data)
        }.outbox(bus).deduplicate(inbox))
      try bus.handle(Topic.text, in: "h", DeliveryPolicy(parallelism: 1)) { event in
        followers.append(Int(event.data) ?? -1)
      }
      try await bus.publish(1, as: Topic.number)
      try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask { try await bus.runUntilCancelled() }
        tasks.addTask { await Task.yield() }
        try await tasks.next()
        tasks.cancelAll()
        try await tasks.waitForAll()
      }
      try await bus.running { try await bus.waitUntilIdle() }
      try sim.require(
        handled.entries == [1] && followers.entries == [1], "\(handled.entries) \(followers.entries)")
      try sim.require(bus.deadLetters.count == 0 && inbox.snapshot().reserved == 0, "\(inbox.snapshot())")
    }
    #expect(exploration.runs > 20, "\(exploration.runs) runs")
  }

  /// The same at random, with failures, duplicates, leases that end and consumers that join and leave.
  @Test func whateverHappensEffectsBehindTheInboxHappenOnce() throws {
    try Simulation.explore(seeds: 0..<150) { sim in
      let dice = SeededRandomSource(seed: sim.seed)
      let bus = EventBus(source: "tests")
      let inbox = Inbox(policy: InboxPolicy(lease: .milliseconds(500)))
      let (effects, followers) = (Log<String>(), Log<String>())
      let policy = DeliveryPolicy(
        maxDeliveries: 1_000, backoff: .constant(.milliseconds(2), jitter: .none), parallelism: 2,
        lease: .milliseconds(6))
      let join: @Sendable () throws -> Subscription = {
        try bus.subscribe(
          to: Topic.number, group: "g", policy: policy,
          handler: EventHandler("g") { (event: Event<Int>) in
            try await bus.publish(event.id, as: Topic.text)
            try await sim.sleep(for: .milliseconds(dice.next(below: 8)))
            if dice.next(below: 3) == 0 { throw Broken() }
            effects.append(event.id)
          }.outbox(bus).deduplicate(inbox))
      }
      try bus.handle(Topic.text, in: "h") { followers.append($0.data) }
      var members = [try join()]
      for _ in 0..<3 {
        try await bus.running {
          for number in 0..<6 {
            for _ in 0...dice.next(below: 2) {
              try await bus.publish(
                Event(
                  id: "\(number)", source: "s", type: Topic.number, subject: "s\(number % 3)", data: number))
            }
            try await sim.sleep(for: .milliseconds(dice.next(below: 5)))
            if dice.next(below: 3) == 0 { members.append(try join()) }
            if dice.next(below: 3) == 0, members.count > 1 { members.removeFirst().cancel() }
          }
        }
      }
      try await bus.running { try await bus.waitUntilIdle() }
      let expected = (0..<6).map { "\($0)" }
      try sim.require(effects.entries.sorted() == expected, "effects \(effects.entries)")
      try sim.require(followers.entries.sorted() == expected, "followers \(followers.entries)")
      try sim.require(bus.deadLetters.count == 0 && bus.snapshot().outstanding == 0, "\(bus.snapshot())")
    }
  }
}
