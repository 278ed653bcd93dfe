import ResilienceCore
import ResilienceEventBus
import ResilienceTestKit
import ResilienceTestSupport
import Testing

/// Who is there to answer a request.
@Suite struct EventBusResponderTests {
  private static func ask(_ bus: EventBus, _ number: Int) async throws -> String {
    try await bus.request(number, as: Topic.number, expecting: Topic.answer, timeout: .seconds(30))
  }

  @discardableResult
  private static func answer(
    _ bus: EventBus, parallelism: Int = 16,
    _ body: nonisolated(nonsending) @escaping @Sendable (Event<Int>) async throws -> String
  ) throws -> Subscription {
    try bus.respond(
      to: Topic.number, with: Topic.answer, group: "g", policy: DeliveryPolicy(parallelism: parallelism),
      handler: ServiceCall("g", body))
  }

  @Test(arguments: [false, true])
  func row83_aRequestFailsAtOnceWhenTheLastResponderHasLeft(isAudited: Bool) throws {
    try Simulation.explore(seeds: 0..<20) { sim in
      let bus = EventBus(source: "tests")
      // Gets the requests, and answers none.
      if isAudited { try bus.subscribe(matching: .all, group: "audit") { _ in } }
      let responders = try [Self.answer(bus) { _ in "yes" }, Self.answer(bus) { _ in "yes" }]
      try await bus.running {
        try sim.require(try await Self.ask(bus, 1) == "yes", "no answer")
        responders[0].cancel()
        try sim.require(try await Self.ask(bus, 2) == "yes", "no answer")
        responders[1].cancel()
        await #expect(throws: NoResponder.self) { try await Self.ask(bus, 3) }
        try sim.require(sim.now == .s(0), "\(sim.now)")
        try Self.answer(bus) { _ in "again" }
        try sim.require(try await Self.ask(bus, 4) == "again", "no answer")
      }
      try sim.require(bus.snapshot().pendingRequests == 0, "\(bus.snapshot())")
    }
  }

  @Test func row83_nothingStaysQueuedPastItsDeadline() throws {
    try Simulation.explore(seeds: 0..<20) { sim in
      let bus = EventBus(source: "tests")
      let responder = try Self.answer(bus, parallelism: 1) { _ in
        try await sim.sleep(for: .seconds(1_000))
        return "late"
      }
      try await bus.running {
        try await withThrowingTaskGroup(of: Void.self) { tasks in
          for number in 0..<4 {
            tasks.addTask {
              await #expect(throws: RequestTimedOut.self) { try await Self.ask(bus, number) }
            }
          }
          try await sim.sleep(for: .seconds(1))
          responder.cancel()
          try await tasks.waitForAll()
        }
        try await sim.sleep(for: .seconds(1))
        try sim.require(bus.snapshot().groups.map(\.queued) == [0], "\(bus.snapshot())")
        try sim.require(bus.deadLetters.letters.map(\.reason) == [.expired, .expired, .expired], "reasons")
      }
    }
  }

  @Test(arguments: [false, true])
  func row88_aHandlerThatAsksItsOwnGroupIsToldAtOnce(isAudited: Bool) throws {
    try Simulation.explore(seeds: 0..<20) { sim in
      let bus = EventBus(source: "tests")
      if isAudited { try bus.subscribe(matching: .all, group: "audit") { _ in } }
      let error = Box<(any Error)?>(nil)
      try Self.answer(bus, parallelism: 1) { event in
        do {
          return try await Self.ask(bus, event.data + 1)
        } catch let thrown {
          error.change { $0 = thrown }
          return "\(type(of: thrown))"
        }
      }
      try await bus.running {
        let reply = try await Self.ask(bus, 1)
        try sim.require(reply == "RequestWaitsForItself" && sim.now == .s(0), "\(reply) at \(sim.now)")
      }
      let text = error.value.map { "\($0)" }
      try sim.require(text?.contains("group \"g\", which answers \"number\"") == true, "\(text ?? "")")
    }
  }

  /// Each question that a handler asks its own group takes a place of it.
  @Test(arguments: [2, 3, 5])
  func row88_asManyAsLeaveAPlaceAreAnswered(parallelism: Int) throws {
    try Simulation.explore(seeds: 0..<20) { sim in
      let bus = EventBus(source: "tests")
      try Self.answer(bus, parallelism: parallelism) { event in
        do {
          return try await Self.ask(bus, event.data + 1)
        } catch is RequestWaitsForItself {
          return "\(event.data)"
        }
      }
      try await bus.running {
        for _ in 0..<3 {
          let reply = try await Self.ask(bus, 1)
          try sim.require(reply == "\(parallelism)" && sim.now == .s(0), "\(reply) at \(sim.now)")
        }
      }
    }
  }

  @Test func row88_anotherGroupMayAsk() throws {
    try Simulation(seed: 1).run { sim in
      let bus = EventBus(source: "tests")
      try Self.answer(bus, parallelism: 1) { _ in
        try await sim.sleep(for: .seconds(1))
        return "yes"
      }
      let replies = Log<String>()
      try bus.handle(Topic.text, in: "asks", DeliveryPolicy(parallelism: 3)) { _ in
        replies.append(try await Self.ask(bus, 1))
      }
      try await bus.running {
        for _ in 0..<3 { try await bus.publish("", as: Topic.text) }
        try await bus.waitUntilIdle()
      }
      #expect((replies.entries, sim.now) == (["yes", "yes", "yes"], .s(3)))
    }
  }

  /// The marks by which groups know their handlers' calls are given back when a bus stops, also by one that
  /// is never let go of.
  @Test func row88_busesThatComeAndGoLeaveTheirMarks() throws {
    try Simulation.explore(seeds: 0..<2_500) { _ in
      let bus = EventBus(source: "tests")
      try Self.answer(bus) { _ in bus.source }
      try await bus.running { _ = try await Self.ask(bus, 1) }
    }
    try Simulation(seed: 1).run { _ in
      let bus = EventBus(source: "tests")
      try Self.answer(bus, parallelism: 1) { event in
        do { return try await Self.ask(bus, 2) } catch { return "\(type(of: error))" }
      }
      let reply = try await bus.running { try await Self.ask(bus, 1) }
      #expect(reply == "RequestWaitsForItself")
    }
  }
}
