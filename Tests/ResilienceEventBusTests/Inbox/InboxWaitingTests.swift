import ResilienceCore
import ResilienceTestKit
import ResilienceTestSupport
import Testing

@testable import ResilienceEventBus

@Suite struct InboxWaitingTests {
  private static let key = InboxKey(source: "s", id: "a")

  private static func event(_ id: String, _ data: Int = 0) throws -> Event<Int> {
    try Event(id: id, source: "s", type: Topic.number, data: data)
  }

  @Test func row84_aDuplicateIsSettledWhenTheFirstIs() throws {
    try Simulation.explore(seeds: 0..<50) { sim in
      let bus = EventBus(source: "tests")
      let inbox = Inbox()
      let handled = Log<(Int, Instant)>()
      try bus.subscribe(
        to: Topic.number, group: "g",
        handler: EventHandler("g") { (event: Event<Int>) in
          try await sim.sleep(for: .seconds(1))
          handled.append((event.data, sim.now))
        }.deduplicate(inbox))
      try await bus.running {
        try await bus.publish(Self.event("a", 1))
        try await sim.sleep(for: .milliseconds(100))
        // The duplicate, and what comes behind it in its subject.
        try await bus.publish(
          Event(id: "a", source: "s", type: Topic.number, subject: "x", data: 1))
        try await bus.publish(2, as: Topic.number, subject: "x")
        try await bus.waitUntilIdle()
      }
      let entries = handled.entries
      try sim.require(entries.map(\.0) == [1, 2], "\(entries)")
      try sim.require(entries.map(\.1) == [.s(1), .s(2)], "\(entries)")
      try sim.require(bus.group("g")?.redeliveries == 0, "\(bus.snapshot())")
      try sim.require(inbox.snapshot().duplicates == 1, "\(inbox.snapshot())")
    }
  }

  @Test func row84_aCommitSettlesAllThatWait() throws {
    try Simulation.explore(seeds: 0..<50) { sim in
      let inbox = Inbox()
      let runs = Box(0)
      let results = try await withThrowingTaskGroup(of: Int?.self) { tasks in
        for _ in 0..<8 {
          tasks.addTask {
            try await inbox.run(Self.key) {
              runs.change { $0 += 1 }
              try await sim.sleep(for: .seconds(1))
              return 7
            }
          }
        }
        return try await tasks.reduce(into: []) { $0.append($1) }
      }
      try sim.require(runs.value == 1 && results.compactMap { $0 } == [7], "\(results)")
      try sim.require(sim.now == .s(1), "\(sim.now)")
      try sim.require(inbox.withState { $0.waiters } == 0, "somebody waits")
    }
  }

  @Test func row84_afterAFailureOneThatWaitsTakesOverAtOnce() throws {
    try Simulation.explore(seeds: 0..<50) { sim in
      let inbox = Inbox()
      let (runs, most) = (Box(0), Gauge())
      try await withThrowingTaskGroup(of: Void.self) { tasks in
        for _ in 0..<6 {
          tasks.addTask {
            do {
              _ = try await inbox.run(Self.key) {
                most.enter()
                defer { most.leave() }
                try await sim.sleep(for: .seconds(1))
                if runs.change({
                  $0 += 1; return $0
                }) < 4 {
                  throw Broken()
                }
              }
            } catch is Broken {}
          }
        }
        try await tasks.waitForAll()
      }
      try sim.require((runs.value, most.most) == (4, 1), "\(runs.value) runs, \(most.most) at once")
      try sim.require(sim.now == .s(4), "\(sim.now)")
      try sim.require(inbox.withState { $0.waiters } == 0, "somebody waits")
    }
  }

  /// Whoever waits is cancelled at each possible moment: the others lose nothing by it.
  @Test func row84_aWaitIsCancelledAtEveryPoint() throws {
    let exploration = try Simulation.exploreEveryInterleaving(limit: 30_000) { sim in
      let inbox = Inbox()
      let runs = Log<Int>()
      try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask {
          try? await inbox.run(Self.key) {
            await Task.yield()
            throw Broken()
          }
        }
        tasks.addTask {
          await withTaskGroup(of: Void.self) { inner in
            inner.addTask { _ = try? await inbox.run(Self.key) { runs.append(1) } }
            inner.cancelAll()
          }
        }
        tasks.addTask { _ = try await inbox.run(Self.key) { runs.append(2) } }
        try await tasks.waitForAll()
      }
      try sim.require(runs.entries.count == 1, "\(runs.entries)")
      try sim.require(
        inbox.snapshot().remembered == 1 && inbox.snapshot().reserved == 0, "\(inbox.snapshot())")
      try sim.require(inbox.withState { $0.waiters } == 0, "somebody waits")
      // Nobody waited for a timer.
      try sim.require(sim.now == .s(0), "\(sim.now)")
    }
    #expect(exploration.runs > 20, "\(exploration.runs) runs")
  }

  @Test func row84_aWaitEndsWithTheCallersDeadline() throws {
    try Simulation(seed: 1).run { sim in
      let inbox = Inbox()
      async let first: Void? = inbox.run(Self.key) { try await sim.sleep(for: .seconds(10)) }
      try await sim.sleep(for: .seconds(1))
      let call = ServiceCall("call") { (_: Int) in
        _ = try await inbox.run(Self.key) { Issue.record("it was handled") }
      }
      var context = CallContext.current
      context.tightenDeadline(to: Deadline(at: .s(3)))
      let error = await #expect(throws: EventInProgress.self) { try await call.handle(0, context: context) }
      #expect(error?.retryAt == nil)
      #expect(sim.now == .s(3))
      try await first
    }
  }

  @Test func row84_aWaitLastsForALeaseAtMost() throws {
    try Simulation(seed: 1).run { sim in
      let inbox = Inbox(policy: InboxPolicy(lease: .seconds(30)))
      async let first: Void? = inbox.run(Self.key) { try await sim.sleep(for: .seconds(100)) }
      try await sim.sleep(for: .seconds(1))
      let error = await #expect(throws: EventInProgress.self) { _ = try await inbox.run(Self.key) {} }
      #expect(error?.retryAt == nil)
      #expect(sim.now == .s(31))
      try await first
      #expect(try await inbox.run(Self.key) { 1 } == nil)
      #expect(inbox.withState { $0.waiters } == 0)
    }
  }

  @Test func row84_whoWaitsTakesOverWhenALeaseEnds() throws {
    try Simulation(seed: 1).run { sim in
      let inbox = Inbox(policy: InboxPolicy(lease: .seconds(5)))
      _ = inbox.reserve(Self.key, at: sim.now)
      try await sim.sleep(for: .seconds(2))
      #expect(try await inbox.run(Self.key) { sim.now } == .s(5))
    }
  }

  /// A full inbox is no event to wait for.
  @Test func anInboxThatIsFullRefusesAtOnce() throws {
    try Simulation(seed: 1).run { sim in
      let inbox = Inbox(policy: InboxPolicy(lease: .seconds(5), capacity: 1))
      _ = inbox.reserve(InboxKey(source: "s", id: "b"), at: sim.now)
      let error = await #expect(throws: EventInProgress.self) { _ = try await inbox.run(Self.key) {} }
      #expect((error?.retryAt, sim.now) == (.s(5), .s(0)))
    }
  }

  /// It would wait for its own end.
  @Test func anEventThatIsHandledWithinItselfIsRefusedAtOnce() throws {
    try Simulation(seed: 1).run { sim in
      let inbox = Inbox()
      let handler = EventHandler("g") { (_: Event<Int>) in }.deduplicate(inbox).deduplicate(inbox)
      let event = try Self.event("a")
      await #expect(throws: EventInProgress.self) { try await handler(event) }
      #expect(sim.now == .s(0))
    }
  }

  @Test func noMoreWaitThanAreRemembered() throws {
    try Simulation(seed: 1).run { sim in
      let inbox = Inbox(policy: InboxPolicy(capacity: 2))
      let refused = Box(0)
      try await withThrowingTaskGroup(of: Void.self) { tasks in
        for _ in 0..<6 {
          tasks.addTask {
            do {
              _ = try await inbox.run(Self.key) { try await sim.sleep(for: .seconds(1)) }
            } catch is EventInProgress {
              refused.change { $0 += 1 }
            }
          }
        }
        try await tasks.waitForAll()
      }
      #expect(refused.value == 3)
    }
  }

  // MARK: - Row 85

  @Test func row85_aHandlerKeepsItsEventHoweverLongItRuns() throws {
    try Simulation.explore(seeds: 0..<20) { sim in
      let inbox = Inbox(policy: InboxPolicy(lease: .seconds(30)))
      let runs = Box(0)
      async let first = inbox.run(Self.key) {
        runs.change { $0 += 1 }
        try await sim.sleep(for: .seconds(40))
      }
      try await sim.sleep(for: .seconds(31))
      let second: Void? = try await inbox.run(Self.key) { runs.change { $0 += 1 } }
      try sim.require(second == nil && sim.now == .s(40), "handled again at \(sim.now)")
      _ = try await first
      try sim.require(runs.value == 1 && inbox.snapshot().duplicates == 1, "\(inbox.snapshot())")
    }
  }

  /// A handler that ignores its cancellation: another begins after the lease, and fails; the first succeeds.
  @Test func row85_aSuccessAfterTheLeaseIsRememberedAndThereIsNoThirdRun() throws {
    try Simulation.explore(seeds: 0..<50) { sim in
      let bus = EventBus(source: "tests")
      let inbox = Inbox(policy: InboxPolicy(lease: .seconds(30)))
      let runs = Log<(Int, Instant)>()
      let policy = DeliveryPolicy(backoff: .constant(.seconds(1), jitter: .none), lease: .seconds(20))
      try bus.subscribe(
        to: Topic.number, group: "g", policy: policy,
        handler: EventHandler("g") { (event: Event<Int>) in
          runs.append((event.attempt, sim.now))
          if event.attempt == 1 {
            await sim.sleepThroughCancellation(until: .s(40))
          } else {
            await sim.sleepThroughCancellation(until: .s(50))
            throw Broken()
          }
        }.deduplicate(inbox))
      try await bus.running {
        try await bus.publish(Self.event("a"))
        try await bus.waitUntilIdle()
      }
      let entries = runs.entries
      // Cancelled at 20, redelivered at 21, and its lease, renewed at 0 alone, ends at 30.
      try sim.require(entries.map(\.1) == [.s(0), .s(30)], "\(entries)")
      try sim.require(bus.group("g")?.delivered == 1, "\(bus.snapshot())")
      try sim.require(bus.deadLetters.count == 0 && inbox.snapshot().handled == 1, "\(inbox.snapshot())")
    }
  }

  @Test func row85_leasesAreKeptWithoutLettingOthersGo() throws {
    try Simulation(seed: 1).run { sim in
      let inbox = Inbox(policy: InboxPolicy(lease: .seconds(3), capacity: 100))
      try await withThrowingTaskGroup(of: Void.self) { tasks in
        for number in 0..<20 {
          tasks.addTask {
            _ = try await inbox.run(InboxKey(source: "s", id: "\(number)")) {
              try await sim.sleep(for: .seconds(100))
            }
          }
        }
        for second in 1..<100 {
          try await sim.sleep(for: .seconds(1))
          let other = InboxKey(source: "s", id: "other \(second)")
          guard case .reserved(let reservation) = inbox.reserve(other, at: sim.now) else { throw Broken() }
          #expect(inbox.release(reservation))
          #expect(inbox.snapshot().reserved == 20)
          #expect(inbox.withState { $0.machine.leases.count } < 110)
        }
        try await tasks.waitForAll()
      }
      #expect(inbox.snapshot().remembered == 20)
    }
  }
}
