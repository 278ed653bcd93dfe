import ResilienceCore
import ResilienceTestKit
import ResilienceTestSupport
import Testing

@testable import ResilienceEventBus

/// `shutDown(grace:)` in all its ways; EventBusShutdownTests has those of a cancelled `run()`.
@Suite struct EventBusShutDownTests {
  @Test func itDeliversWhatThereIsAndRunReturns() throws {
    try Simulation.explore(seeds: 0..<50) { sim in
      let bus = EventBus(source: "tests")
      let handled = Log<Int>()
      try bus.handle(Topic.number, in: "g", .every(.seconds(1), parallelism: 2)) { event in
        try await sim.sleep(for: .seconds(1))
        if event.data == 3, event.attempt == 1 { throw Broken() }
        handled.append(event.data)
      }
      try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask { try await bus.run() }
        for number in 0..<5 { try await bus.publish(number, as: Topic.number) }
        try await sim.sleep(for: .milliseconds(1))
        let left = await bus.shutDown()
        try sim.require(left.outstanding == 0 && sim.now == .s(4), "\(left) at \(sim.now)")
        // It returns, and throws nothing.
        try await tasks.waitForAll()
      }
      try sim.require(handled.entries.sorted() == [0, 1, 2, 3, 4], "\(handled.entries)")
    }
  }

  @Test func whatIsNotDeliveredWithinTheGraceStays() throws {
    try Simulation.explore(seeds: 0..<50) { sim in
      let bus = EventBus(source: "tests")
      let handled = Log<Int>()
      try bus.handle(Topic.number, in: "g", .every(.seconds(1), parallelism: 1)) { event in
        try await sim.sleep(for: .seconds(4))
        handled.append(event.data)
      }
      try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask { try await bus.run() }
        for number in 0..<4 { try await bus.publish(number, as: Topic.number) }
        try await sim.sleep(for: .milliseconds(1))
        let left = await bus.shutDown(grace: .seconds(10))
        try sim.require(
          left.groups.map(\.queued) == [2] && sim.now == .ns(10_001_000_000), "\(left) at \(sim.now)")
        try await tasks.waitForAll()
      }
      try await bus.running { try await bus.waitUntilIdle() }
      try sim.require(handled.entries == [0, 1, 2, 3], "\(handled.entries)")
    }
  }

  @Test func aHandlerThatIgnoresItsCancellationIsLeft() throws {
    try Simulation.explore(seeds: 0..<50) { sim in
      let bus = EventBus(source: "tests")
      let handled = Log<Int>()
      try bus.handle(Topic.number, in: "g", DeliveryPolicy(parallelism: 1, lease: nil)) { event in
        if handled.entries.isEmpty { await sim.sleepThroughCancellation(until: .s(100)) }
        handled.append(event.attempt)
      }
      try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask { try await bus.run() }
        try await bus.publish(1, as: Topic.number)
        try await sim.sleep(for: .seconds(1))
        let left = await bus.shutDown(grace: .seconds(20))
        // The grace, then a second.
        try sim.require(left.groups.map(\.queued) == [1] && sim.now == .s(22), "\(left) at \(sim.now)")
        try await tasks.waitForAll()
      }
      // What it does when it returns at last is nothing to the bus.
      try await sim.sleep(for: .seconds(100))
      try sim.require(bus.group("g")?.queued == 1 && bus.group("g")?.delivered == 0, "\(bus.snapshot())")
      try await bus.running { try await bus.waitUntilIdle() }
      try sim.require(handled.entries == [1, 1] && bus.group("g")?.delivered == 1, "\(handled.entries)")
    }
  }

  @Test func withoutARunItReturnsAtOnce() throws {
    try Simulation(seed: 1).run { sim in
      let bus = EventBus(source: "tests")
      try bus.handle(Topic.number, in: "g") { _ in }
      try await bus.publish(1, as: Topic.number)
      #expect(await bus.shutDown().outstanding == 1)
      #expect(sim.now == .s(0))
      try await bus.running { try await bus.waitUntilIdle() }
      #expect(await bus.shutDown().outstanding == 0)
    }
  }

  @Test func calledTwiceBothWaitForTheEnd() throws {
    try Simulation.explore(seeds: 0..<50) { sim in
      let bus = EventBus(source: "tests")
      try bus.handle(Topic.number, in: "g") { _ in try await sim.sleep(for: .seconds(5)) }
      let ends = Log<Instant>()
      try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask { try await bus.run() }
        try await bus.publish(1, as: Topic.number)
        try await sim.sleep(for: .seconds(1))
        for grace in [Duration.seconds(20), .zero, .seconds(3)] {
          tasks.addTask {
            await bus.shutDown(grace: grace)
            ends.append(sim.now)
          }
        }
        try await tasks.waitForAll()
      }
      // The shortest grace decides.
      try sim.require(ends.entries == [.s(1), .s(1), .s(1)], "\(ends.entries)")
      try sim.require(bus.snapshot().outstanding == 1, "\(bus.snapshot())")
    }
  }

  @Test func aCallerThatIsCancelledDoesNotTakeTheHandlersTime() throws {
    try Simulation.explore(seeds: 0..<50) { sim in
      let bus = EventBus(source: "tests")
      try bus.handle(Topic.number, in: "g") { _ in try await sim.sleep(for: .seconds(5)) }
      try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask { try await bus.run() }
        try await bus.publish(1, as: Topic.number)
        try await sim.sleep(for: .seconds(1))
        await withTaskGroup(of: Void.self) { inner in
          inner.addTask { await bus.shutDown() }
          inner.cancelAll()
        }
        try sim.require(bus.group("g")?.delivered == 1 && sim.now == .s(5), "\(bus.snapshot()) at \(sim.now)")
        try await tasks.waitForAll()
      }
    }
  }

  /// It has nothing to wait for any more.
  @Test func itEndsWithRunWhoeverEndsThat() throws {
    try Simulation.explore(seeds: 0..<50) { sim in
      let bus = EventBus(source: "tests")
      try bus.handle(Topic.number, in: "g") { _ in try await sim.sleep(for: .seconds(100)) }
      try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask {
          try await withThrowingTaskGroup(of: Void.self) { runs in
            runs.addTask { try await bus.runUntilCancelled() }
            try await sim.sleep(for: .seconds(2))
            runs.cancelAll()
            try await runs.waitForAll()
          }
        }
        try await bus.publish(1, as: Topic.number)
        try await sim.sleep(for: .seconds(1))
        let left = await bus.shutDown(grace: .seconds(50))
        try sim.require(left.outstanding == 1 && sim.now == .s(2), "\(left) at \(sim.now)")
        try await tasks.waitForAll()
      }
    }
  }

  @Test func nothingIsLostWhereverItComes() throws {
    let exploration = try Simulation.exploreEveryInterleaving(limit: 5_000) { sim in
      let bus = EventBus(source: "tests")
      let handled = Log<Int>()
      try bus.handle(Topic.number, in: "g", DeliveryPolicy(parallelism: 1)) { event in
        await Task.yield()
        handled.append(event.data)
      }
      try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask { try await bus.run() }
        tasks.addTask { _ = try await bus.publish(1, as: Topic.number) }
        tasks.addTask { await bus.shutDown(grace: .zero) }
        // It may come before run(), which then goes on.
        tasks.addTask {
          try await sim.sleep(for: .seconds(1))
          await bus.shutDown(grace: .seconds(1))
        }
        try await tasks.waitForAll()
      }
      try sim.require(handled.entries.count + bus.snapshot().outstanding == 1, "\(bus.snapshot())")
    }
    #expect(exploration.runs > 20, "\(exploration.runs) runs")
  }
}
