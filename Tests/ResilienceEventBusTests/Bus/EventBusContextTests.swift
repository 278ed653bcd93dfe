import ResilienceCore
import ResilienceEventBus
import ResilienceTestKit
import ResilienceTestSupport
import Testing

@Suite struct EventBusContextTests {
  private static let trace = TraceIDs(traceHigh: 1, traceLow: 2, span: 3, flags: 1)

  struct Seen: Sendable {
    var context: CallContext
    var ambient: CallContext
    var baggage: String?
    var attempt: Int
  }

  /// A context inside a span.
  private static func traced(_ trace: TraceIDs = trace) -> CallContext {
    var context = CallContext.current
    context.enterSpan(trace)
    return context
  }

  /// What the handler sees of an event that `publish` publishes, once for each of its two deliveries.
  private func seen(
    _ publish: @escaping @Sendable (EventBus, Simulation) async throws -> Void
  ) throws -> [Seen] {
    try Simulation(seed: 1).run { sim in
      let bus = EventBus(source: "tests")
      let log = Log<Seen>()
      try bus.subscribe(
        to: Topic.number, group: "g", policy: .every(.seconds(1)),
        handler: EventHandler("g") { (event: Event<Int>, context: CallContext) in
          log.append(
            Seen(
              context: context, ambient: .current, baggage: CallContext.baggage as? String,
              attempt: event.attempt))
          if event.attempt == 1 { throw Broken() }
        })
      // Whoever runs the bus has a span, a deadline and baggage of its own: none of the event's business.
      var runner = Self.traced(TraceIDs(traceHigh: 8, traceLow: 8, span: 8, flags: 0))
      runner.tightenDeadline(to: Deadline(at: .s(0.5)))
      try await CallContext.withBaggage("runner's") {
        try await CallContext.withCurrent(runner) {
          try await withThrowingTaskGroup { tasks in
            tasks.addTask { do { try await bus.run() } catch is CancellationError {} }
            try await CallContext.withBaggage(nil) { try await publish(bus, sim) }
            try await bus.waitUntilIdle()
            tasks.cancelAll()
          }
        }
      }
      return log.entries
    }
  }

  @Test func traceDeadlineAndAttemptTravelWithTheEvent() throws {
    let seen = try seen { bus, _ in
      try await bus.publish(1, as: Topic.number, deadline: Deadline(at: .s(7)), context: Self.traced())
    }
    #expect(seen.map(\.context.trace) == [Self.trace, Self.trace])
    #expect(seen.map(\.ambient.trace) == [Self.trace, Self.trace])
    #expect(seen.map(\.context.deadline) == [Deadline(at: .s(7)), Deadline(at: .s(7))])
    #expect(seen.map(\.ambient.deadline) == [Deadline(at: .s(7)), Deadline(at: .s(7))])
    #expect(seen.map(\.context.attempt) == [1, 2])
    #expect(seen.map(\.context.attemptHeader) == ["attempt=1; max=5", "attempt=2; max=5"])
    #expect(seen.map(\.attempt) == [1, 2])
    #expect(seen.map(\.baggage) == [nil, nil])
  }

  @Test func baggageTravelsWithTheEvent() throws {
    let seen = try seen { bus, _ in
      try await CallContext.withBaggage("publisher's") { _ = try await bus.publish(1, as: Topic.number) }
    }
    #expect(seen.map(\.baggage) == ["publisher's", "publisher's"])
  }

  /// The publisher's deadline is its own: what has happened concerns others longer than that call.
  @Test func aPublishersDeadlineDoesNotBindItsEvent() throws {
    let seen = try seen { bus, _ in
      var context = CallContext.current
      context.tightenDeadline(to: Deadline(at: .s(0.1)))
      try await CallContext.withCurrent(context) { _ = try await bus.publish(1, as: Topic.number) }
    }
    #expect(seen.map(\.context.deadline) == [.never, .never])
    #expect(seen.map(\.ambient.deadline) == [.never, .never])
  }

  /// Gives each attempt a span, as a tracer does.
  private final class Spans: CallObserver {
    let log = Log<String>()

    func attemptBegan(_ attempt: inout CallContext) {
      log.append("began \(attempt.attempt) in \(attempt.trace.span)")
      var trace = attempt.trace
      trace.span = 100 + UInt64(attempt.attempt)
      attempt.enterSpan(trace)
    }

    func attemptEnded(
      _ attempt: CallContext, of call: CallContext, _ outcome: Outcome, error: (any Error)?
    ) {
      log.append("ended \(attempt.trace.span) of \(call.trace.span): \(outcome.verdict)")
    }

    func record(_ event: any ResilienceEvent, in context: CallContext) {
      log.append("\(event.name) in \(context.trace.span)")
    }
  }

  /// The third event is overdue at once: its observer is told where the worker finds it before the timer
  /// does.
  @Test(arguments: 0..<20 as Range<UInt64>)
  func whoeverObservesTheRunIsToldOfEachDelivery(seed: UInt64) throws {
    try Simulation(seed: seed).run { sim in
      let bus = EventBus(source: "tests")
      let spans = Spans()
      let inside = Log<UInt64>()
      try bus.handle(Topic.number, in: "g", .every(.seconds(1), maxDeliveries: 2)) { event in
        inside.append(CallContext.current.trace.span)
        if event.data == 1 { throw Broken() }
      }
      try await CallContext.withObserver(spans) {
        try await bus.running {
          try await bus.publish(1, as: Topic.number, context: Self.traced())
          try await bus.waitUntilIdle()
          try await bus.publish(2, as: Topic.number, context: Self.traced())
          try await bus.waitUntilIdle()
          try await bus.publish(3, as: Topic.number, deadline: Deadline(at: sim.now), context: Self.traced())
          try await bus.waitUntilIdle()
        }
      }
      #expect(inside.entries == [101, 102, 101])
      let deliveries = [
        "began 1 in 3", "event_bus.redelivery_scheduled in 101", "ended 101 of 3: failure",
        "began 2 in 3", "event_bus.dead_lettered in 102", "ended 102 of 3: failure",
        "began 1 in 3", "event_bus.delivered in 101", "ended 101 of 3: success",
      ]
      let told = spans.log.entries
      #expect(told == deliveries || told == deliveries + ["event_bus.dead_lettered in 3"])
    }
  }

  @Test func aHandlersCallsInheritItsContext() throws {
    try Simulation(seed: 1).run { sim in
      let bus = EventBus(source: "tests")
      let inherited = Log<(TraceIDs, Deadline)>()
      try bus.handle(Topic.number, in: "g") { event in
        // What it publishes belongs to its trace, and what its child tasks do too.
        async let child = CallContext.current
        inherited.append((await child.trace, await child.deadline))
        try await bus.publish("next", as: Topic.text)
      }
      try bus.handle(Topic.text, in: "h") { event in
        inherited.append((event.trace, event.deadline))
      }
      try await bus.running {
        try await bus.publish(1, as: Topic.number, deadline: Deadline(at: .s(4)), context: Self.traced())
        try await bus.waitUntilIdle()
      }
      #expect(inherited.entries.map(\.0) == [Self.trace, Self.trace])
      #expect(inherited.entries.map(\.1) == [Deadline(at: .s(4)), .never])
    }
  }
}
