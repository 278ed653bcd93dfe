import ResilienceCore
import ResilienceTestKit
import ResilienceTrace
import Testing

@Suite struct QueryTests {
  /// A shop that orders twice: the bank is slow, and refuses the second.
  private static func shop() throws -> TraceStore {
    let store = TraceStore()
    try Simulation(seed: 2).run { sim in
      let shop = CallTracer("shop", store: store)
      let bank = CallTracer("bank", store: store)
      let mail = ServiceCall("mail") { (_: Int) in try await sim.sleep(for: .milliseconds(5)) }.trace(shop)
      let charge = ServiceCall("charge") { (number: Int) in
        CallContext.current.emit(SpanAnnotation.attribute("order", .integer(Int64(number))))
        try await sim.sleep(for: .milliseconds(number * 20))
        if number == 2 { throw Declined() }
      }.trace(bank, kind: .server)
      let payment = FakeRetry(base: charge, maxAttempts: 1).trace(shop, "payment")
      for number in 1...2 {
        try? await shop.span("order", kind: .server) {
          try await mail(number)
          try await payment(number)
          try await sim.sleep(for: .milliseconds(10))
        }
      }
    }
    return store
  }

  static let queries: [(SpanQuery, [String])] = [
    (SpanQuery(service: "bank"), ["charge", "charge"]),
    (SpanQuery(name: "mail"), ["mail", "mail"]),
    (SpanQuery(verdict: .failure), ["charge", "payment", "payment", "order"]),
    (SpanQuery(role: .call, verdict: .failure), ["charge", "payment", "order"]),
    (SpanQuery(kind: .server), ["charge", "order", "charge", "order"]),
    (SpanQuery(name: "charge", error: "declined"), ["charge"]),
    (SpanQuery(error: "no such"), []),
    (SpanQuery(attributes: [EventAttribute("order", .integer(2))]), ["charge"]),
    (SpanQuery(attributes: [EventAttribute("order", .string("2"))]), []),
    (SpanQuery(events: ["retry.scheduled"]), []),
    (SpanQuery(minDuration: .milliseconds(41)), ["order"]),
    (SpanQuery(maxDuration: .milliseconds(5)), ["mail", "mail"]),
    (SpanQuery(name: "charge", endingFrom: Instant(nanoseconds: 26_000_000)), ["charge"]),
    (SpanQuery(name: "charge", startingUntil: Instant(nanoseconds: 5_000_000)), ["charge"]),
    (SpanQuery(startingUntil: Instant(nanoseconds: -1)), []),
  ]

  @Test(arguments: queries.indices)
  func everyConditionMustHold(index: Int) throws {
    let (query, names) = Self.queries[index]
    #expect(try Self.shop().spans(matching: query).map(\.name) == names)
  }

  @Test func tracesAreFoundByAnyOfTheirSpans() throws {
    let store = try Self.shop()
    #expect(store.traces.count == 2)
    #expect(store.traces(matching: SpanQuery()) == store.traces)
    #expect(store.traces(matching: SpanQuery(name: "charge", verdict: .failure)) == [store.traces[1]])
    #expect(store.spans(matching: SpanQuery(trace: store.traces[0])).count == 5)
  }

  @Test func graphHasAnArrowForEachPairOfServices() throws {
    let graph = try Self.shop().serviceGraph()
    #expect(graph.services == ["bank", "shop"])
    #expect(
      graph.edges.map { "\($0.caller) \($0.callee) \($0.isTraced)" } == ["shop bank true", "shop mail false"])
    #expect(graph.edges.map(\.calls) == [2, 2])
    #expect(graph.edges.map(\.failures) == [1, 0])
    #expect(graph.edges.map(\.failureRate) == [0.5, 0])
    #expect(graph.edges.map(\.median) == [.milliseconds(20), .milliseconds(5)])
    #expect(graph.edges.map(\.percentile99) == [.milliseconds(40), .milliseconds(5)])
    #expect(graph.edges.map(\.longest) == [.milliseconds(40), .milliseconds(5)])
    #expect(
      graph.description == """
        shop → bank: 2 calls, 1 failed, median 0.02 seconds, 99 % 0.04 seconds, longest 0.04 seconds
        shop → mail: 2 calls, 0 failed, median 0.005 seconds, 99 % 0.005 seconds, longest 0.005 seconds

        """)
  }

  @Test func criticalPathIsWhatTheTraceWaitedFor() throws {
    let store = try Self.shop()
    let path = store.criticalPath(of: store.traces[0])
    #expect(
      path.map(\.description) == [
        "shop: mail 0.005 seconds", "bank: charge 0.02 seconds", "shop: order 0.01 seconds",
      ])
    #expect(path.map(\.start.nanoseconds) == [0, 5_000_000, 25_000_000])
    #expect(path.map(\.end.nanoseconds) == [5_000_000, 25_000_000, 35_000_000])
  }

  @Test func criticalPathTakesTheSlowestOfSeveralAtATime() throws {
    let store = TraceStore()
    try Simulation(seed: 2).run { sim in
      let tracer = CallTracer(store: store)
      try await tracer.span("root") {
        try await withThrowingTaskGroup { group in
          for (name, length) in [("quick", 10), ("slow", 30), ("middle", 20)] {
            group.addTask { try await tracer.span(name) { try await sim.sleep(for: .milliseconds(length)) } }
          }
          try await group.waitForAll()
        }
      }
    }
    #expect(store.criticalPath(of: store.traces[0]).map(\.span.name) == ["slow"])
  }

  @Test func workThatOutlivesTheTraceIsNotWaitedFor() throws {
    let store = TraceStore()
    try Simulation(seed: 2).run { sim in
      let tracer = CallTracer(store: store)
      try await withThrowingTaskGroup { group in
        await tracer.span("root") {
          try? await sim.sleep(for: .milliseconds(10))
          group.addTask { try await tracer.span("late") { try await sim.sleep(for: .seconds(1)) } }
        }
        try await group.waitForAll()
      }
    }
    let path = store.criticalPath(of: store.traces[0])
    #expect(path.last?.end == Instant(nanoseconds: 10_000_000))
    #expect(path.map(\.span.name) == ["root"])
  }

  @Test func spansWithTheSameIDsEnd() throws {
    let store = TraceStore()
    for _ in 0..<3 {
      try Simulation(seed: 1).run { sim in
        let tracer = CallTracer("s", store: store)
        await tracer.span("a") {
          await tracer.span("b") { await tracer.span("c") { try? await sim.sleep(for: .seconds(1)) } }
        }
      }
    }
    #expect(store.criticalPath(of: store.traces[0]).map(\.duration) == [.seconds(1)])
    #expect(store.serviceGraph().edges.isEmpty)
    #expect(store.criticalPath(of: TraceID(high: 0, low: 1)).isEmpty)
  }
}
