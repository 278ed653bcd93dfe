import ResilienceCore
import ResilienceEventBus
import ResilienceTestKit
import ResilienceTestSupport
import Testing

@Suite struct EventBusRequestTests {
  private static func ask(
    _ bus: EventBus, _ number: Int, timeout: Duration = .seconds(30)
  ) async throws -> String {
    try await bus.request(number, as: Topic.number, expecting: Topic.answer, timeout: timeout)
  }

  @discardableResult
  private static func answer(
    _ bus: EventBus, in group: String = "g", _ policy: DeliveryPolicy = DeliveryPolicy(),
    _ body: nonisolated(nonsending) @escaping @Sendable (Event<Int>) async throws -> String
  ) throws -> Subscription {
    try bus.respond(
      to: Topic.number, with: Topic.answer, group: group, policy: policy, handler: ServiceCall(group, body))
  }

  @Test func eachRequestGetsItsOwnReply() throws {
    try Simulation.explore(seeds: 0..<100) { sim in
      let bus = EventBus(source: "tests")
      let replies = Log<String>()
      try bus.handle(Topic.answer, in: "listener") { replies.append($0.data) }
      try Self.answer(bus, .every(.milliseconds(1), parallelism: 3)) { event in
        try await sim.sleep(for: .milliseconds(event.data % 4))
        return "reply to \(event.data)"
      }
      try await bus.running {
        try await withThrowingTaskGroup { tasks in
          for number in 0..<10 {
            tasks.addTask {
              let reply = try await Self.ask(bus, number)
              try sim.require(reply == "reply to \(number)", "\(number) got \(reply)")
            }
          }
          try await tasks.waitForAll()
        }
        try await bus.waitUntilIdle()
      }
      // Who subscribes to the replies' type gets them as well.
      try sim.require(replies.entries.count == 10, "\(replies.entries)")
      try sim.require(bus.snapshot().pendingRequests == 0, "\(bus.snapshot())")
      try sim.require(bus.snapshot().unrouted == 0, "\(bus.snapshot())")
    }
  }

  @Test func aRequestIsDeliveredAgainAsLongAsItsDeadlineAllows() throws {
    try Simulation(seed: 1).run { sim in
      let bus = EventBus(source: "tests")
      try Self.answer(bus, .every(.seconds(2), maxDeliveries: 9)) { event in
        if event.attempt < 3 { throw Broken() }
        return "at \(sim.now), until \(event.deadline)"
      }
      try await bus.running {
        let reply = try await Self.ask(bus, 1, timeout: .seconds(5))
        #expect(reply == "at 4.0s, until 5.0s")
      }
    }
  }

  @Test func withoutAReplyARequestTimesOut() throws {
    try Simulation.explore(seeds: 0..<50) { sim in
      let bus = EventBus(source: "tests")
      try bus.handle(Topic.number, in: "g") { _ in }
      try await bus.running {
        let error = await #expect(throws: RequestTimedOut.self) {
          try await Self.ask(bus, 1, timeout: .seconds(3))
        }
        try sim.require(sim.now == .s(3), "it timed out at \(sim.now)")
        try sim.require(error?.waited == .seconds(3), "\(String(describing: error))")
        try sim.require(bus.snapshot().pendingRequests == 0, "\(bus.snapshot())")
      }
    }
  }

  @Test func theEnclosingCallsDeadlineEndsTheWaitEarlier() throws {
    try Simulation(seed: 1).run { sim in
      let bus = EventBus(source: "tests")
      let deadlines = Log<Deadline>()
      try bus.handle(Topic.number, in: "g") { deadlines.append($0.deadline) }
      try await bus.running {
        var context = CallContext.current
        context.tightenDeadline(to: Deadline(at: .s(1)))
        let inner = context
        await #expect(throws: RequestTimedOut.self) {
          try await bus.request(1, as: Topic.number, expecting: Topic.answer, context: inner)
        }
        #expect(sim.now == .s(1))
        // It has passed: nothing is published any more.
        let error = await #expect(throws: RequestTimedOut.self) {
          try await bus.request(1, as: Topic.number, expecting: Topic.answer, context: inner)
        }
        #expect(error?.waited == .zero)
      }
      #expect(deadlines.entries == [Deadline(at: .s(1))])
      #expect(bus.snapshot().published == 1)
    }
  }

  @Test func aResponderThatComesTooLateDoesNotBegin() throws {
    try Simulation.explore(seeds: 0..<20) { sim in
      let bus = EventBus(source: "tests")
      let begun = Log<Int>()
      try Self.answer(bus, .every(.seconds(1), parallelism: 1)) { event in
        begun.append(event.data)
        try await sim.sleep(for: .seconds(10))
        return "late"
      }
      try await bus.running {
        for number in 1...2 {
          await #expect(throws: RequestTimedOut.self) {
            try await Self.ask(bus, number, timeout: .seconds(4))
          }
        }
        try await bus.waitUntilIdle()
      }
      try sim.require(begun.entries == [1], "\(begun.entries)")
      try sim.require(bus.deadLetters.letters.map(\.reason) == [.expired], "\(bus.deadLetters.letters)")
      // The first one's reply came when nobody waited for it.
      try sim.require(bus.snapshot().unrouted == 1, "\(bus.snapshot())")
    }
  }

  @Test func row83_withoutAnySubscriberARequestFailsAtOnce() throws {
    try Simulation(seed: 1).run { sim in
      let bus = EventBus(source: "tests")
      let error = await #expect(throws: NoResponder.self) { try await Self.ask(bus, 1) }
      #expect(error?.type == "number")
      #expect(sim.now == .s(0))
      #expect((bus.snapshot().pendingRequests, bus.snapshot().published) == (0, 0))
    }
  }

  @Test func aFullQueueLeavesNoPendingRequest() throws {
    try Simulation(seed: 1).run { sim in
      let bus = EventBus(source: "tests", policy: EventBusPolicy(queueCapacity: 1))
      try Self.answer(bus) { _ in "" }
      try await bus.publish(1, as: Topic.number)
      await #expect(throws: QueueFull.self) { try await Self.ask(bus, 2) }
      await #expect(throws: InvalidEvent.self) {
        try await bus.request(1, as: Topic.number, expecting: Topic.answer, subject: "")
      }
      #expect(bus.snapshot().pendingRequests == 0)
    }
  }

  @Test func aRespondersDeadLetterFailsTheRequestAtOnce() throws {
    try Simulation.explore(seeds: 0..<50) { sim in
      let bus = EventBus(source: "tests")
      // Another group that is given up on it has no say.
      try bus.handle(Topic.number, in: "other") { _ in throw PoisonEvent("other") }
      try Self.answer(bus, .every(.seconds(1), maxDeliveries: 3)) { event in
        if event.data == 1 { throw PoisonEvent("1") }
        throw Broken()
      }
      try await bus.running {
        let poison = await #expect(throws: RequestFailed.self) { try await Self.ask(bus, 1) }
        try sim.require(poison?.reason == .poison && sim.now == .s(0), "at \(sim.now)")
        let exhausted = await #expect(throws: RequestFailed.self) { try await Self.ask(bus, 2) }
        try sim.require(exhausted?.reason == .exhausted(deliveries: 3), "\(String(describing: exhausted))")
        try sim.require(sim.now == .s(2), "at \(sim.now)")
      }
    }
  }

  @Test func aGroupsRemovalFailsItsRequestsAtOnce() throws {
    try Simulation.explore(seeds: 0..<50) { sim in
      let bus = EventBus(source: "tests")
      try Self.answer(bus, .every(.seconds(1), parallelism: 1)) { _ in
        try await sim.sleep(for: .seconds(1))
        throw Broken()
      }
      try await bus.running {
        try await withThrowingTaskGroup { tasks in
          for number in 1...3 {
            tasks.addTask {
              let error = await #expect(throws: RequestFailed.self) { try await Self.ask(bus, number) }
              try sim.require(error?.reason == .noSubscriber, "\(String(describing: error))")
            }
          }
          try await sim.advance(by: .milliseconds(500))
          bus.removeGroup("g", of: Topic.number)
          try await tasks.waitForAll()
        }
      }
      // Those that were queued fail at 0.5 s, the one in flight when it ends.
      try sim.require(sim.now == .s(1), "it took until \(sim.now)")
    }
  }

  @Test func theLastDeliveryOfAResponderThatLeftFailsTheRequest() throws {
    try Simulation.explore(seeds: 0..<50) { sim in
      let bus = EventBus(source: "tests")
      let responder = try Self.answer(bus, .every(.seconds(1), maxDeliveries: 1)) { _ in
        try await sim.sleep(for: .seconds(1))
        throw Broken()
      }
      try await bus.running {
        async let request = Self.ask(bus, 1)
        try await sim.advance(by: .milliseconds(500))
        responder.cancel()
        let result: String?
        do { result = try await request } catch is RequestFailed { result = nil }
        try sim.require(result == nil && sim.now == .s(1), "at \(sim.now)")
      }
    }
  }

  @Test func oneTypeForRequestAndReplyIsRefused() async {
    let results = [
      await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        _ = try await EventBus(source: "s").request(1, as: Topic.number, expecting: Topic.number)
      },
      await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
        try EventBus(source: "s").respond(
          to: Topic.number, with: Topic.number, group: "g", handler: ServiceCall { (_: Event<Int>) in 1 })
      },
    ]
    for result in results {
      let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
      #expect(message.contains("must not be of one type, was \"number\""))
    }
  }

  /// A reply, the timeout and a cancellation at one instant: one of them wins, and nothing is left behind.
  @Test func replyTimeoutAndCancellationRaceWithoutALeak() throws {
    let ends = Log<String>()
    try Simulation.explore(seeds: 0..<300, repeatingEvery: 0) { sim in
      let bus = EventBus(source: "tests")
      try Self.answer(bus) { _ in
        try await sim.sleep(for: .seconds(1))
        return "reply"
      }
      try await bus.running {
        await withTaskGroup { tasks in
          tasks.addTask {
            do {
              ends.append(try await Self.ask(bus, 1, timeout: .seconds(1)))
            } catch {
              ends.append("\(type(of: error))")
            }
          }
          try? await sim.sleep(for: .seconds(1))
          tasks.cancelAll()
        }
        try sim.require(sim.now == .s(1), "it ended at \(sim.now)")
        try sim.require(bus.snapshot().pendingRequests == 0, "\(bus.snapshot())")
      }
    }
    #expect(ends.entries.count == 300)
    #expect(Set(ends.entries) == ["reply", "RequestTimedOut", "CancellationError"])
  }

  @Test(arguments: [true, false])
  func row57_aCancelledRequestLeavesNoTimer(isCancelled: Bool) async throws {
    let clock = ManualClock()
    let environment = CallEnvironment(clock: clock, random: SeededRandomSource(seed: 1))
    try await CallContext.withEnvironment(environment) {
      let bus = EventBus(source: "tests")
      try bus.handle(Topic.number, in: "g") { _ in }
      try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask {
          do {
            _ = try await Self.ask(bus, 1, timeout: .seconds(3))
          } catch is CancellationError where isCancelled {
          } catch is RequestTimedOut where !isCancelled {}
        }
        try await clock.waitForSleepers(1)
        #expect(bus.snapshot().pendingRequests == 1)
        if isCancelled { tasks.cancelAll() } else { clock.advance(by: .seconds(3)) }
        try await tasks.waitForAll()
      }
      #expect(clock.sleeperCount == 0)
      #expect(bus.snapshot().pendingRequests == 0)
    }
  }

  @Test func aCancelledTaskDoesNotAsk() throws {
    try Simulation(seed: 1).run { sim in
      let bus = EventBus(source: "tests")
      try Self.answer(bus) { _ in "" }
      await withTaskGroup(of: Void.self) { tasks in
        tasks.cancelAll()
        tasks.addTask {
          await #expect(throws: CancellationError.self) { try await Self.ask(bus, 1) }
        }
      }
      #expect(bus.snapshot().published == 0)
    }
  }

  @Test func aReplyMayComeLaterFromElsewhere() throws {
    try Simulation(seed: 1).run { sim in
      let bus = EventBus(source: "tests")
      let asked = Box<Event<Int>?>(nil)
      try bus.handle(Topic.number, in: "g") { event in asked.change { $0 = event } }
      try await bus.running {
        async let reply = Self.ask(bus, 7)
        try await sim.advance(by: .seconds(1))
        let request = try #require(asked.value)
        #expect(request.replyTo == "answer")
        #expect(request.correlationID == request.id)
        // Of another type: not what the requester waits for.
        try bus.reply(to: request, with: "wrong", as: Topic.text)
        try bus.reply(to: request, with: "right", as: Topic.answer)
        try bus.reply(to: request, with: "second", as: Topic.answer)
        let right = try await reply
        #expect(right == "right")
        #expect(bus.snapshot().unrouted == 2)
      }
    }
  }

  @Test func traceAndBaggageTravelToTheResponderAndBack() throws {
    try Simulation(seed: 1).run { sim in
      let bus = EventBus(source: "tests")
      let trace = TraceIDs(traceHigh: 1, traceLow: 2, span: 3, flags: 1)
      let seen = Log<(TraceIDs, String?, String?)>()
      try Self.answer(bus) { event in
        seen.append((CallContext.current.trace, CallContext.baggage as? String, event.subject))
        return ""
      }
      try bus.handle(Topic.answer, in: "replies") { event in
        seen.append((event.trace, event.baggage as? String, event.subject))
      }
      try await bus.running {
        var context = CallContext.current
        context.enterSpan(trace)
        let inner = context
        _ = try await CallContext.withBaggage("b") {
          try await bus.request(1, as: Topic.number, expecting: Topic.answer, subject: "s", context: inner)
        }
        try await bus.waitUntilIdle()
      }
      #expect(seen.entries.map(\.0) == [trace, trace])
      #expect(seen.entries.map(\.1) == ["b", "b"])
      #expect(seen.entries.map(\.2) == ["s", "s"])
    }
  }
}
