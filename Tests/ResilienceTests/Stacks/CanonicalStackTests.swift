import Resilience
import ResilienceTestKit
import Testing

private struct Down: Error {}

/// What only shows when patterns stand inside each other.
@Suite struct CanonicalStackTests {
  private static func quickBreaker(openTime: Duration = .seconds(5)) -> CircuitBreaker {
    CircuitBreaker(
      "destination",
      policy: CircuitBreakerPolicy(
        window: .count(4), failureRate: 0.5, minimumThroughput: 2, openTime: openTime, maxOpenTime: openTime,
        openTimeJitter: 0, halfOpenPermits: 1))
  }

  /// Trips the breaker and waits until it admits a probe.
  private static func halfOpen(_ breaker: CircuitBreaker, _ simulation: Simulation) async throws {
    let failing = ServiceCall { (_: Void) in throw Down() }.circuitBreaker(breaker)
    for _ in 0..<2 { try? await failing() }
    guard case .open = breaker.state(at: simulation.now) else { throw Down() }
    try await simulation.sleep(for: .seconds(5))
  }

  @Test func row10_aProbeRejectedByALaterLayerGivesItsPermitBack() throws {
    try Simulation(seed: 1).run { simulation in
      let breaker = Self.quickBreaker()
      try await Self.halfOpen(breaker, simulation)
      let empty = TokenBucket("empty", limit: RateLimit(0, per: .seconds(1)))
      let rejected = ServiceCall { (_: Void) in }.rateLimit(empty).circuitBreaker(breaker)
      for _ in 0..<3 { await #expect(throws: RateLimited.self) { try await rejected() } }
      #expect(breaker.state(at: simulation.now) == .halfOpen)
      try await ServiceCall { (_: Void) in }.circuitBreaker(breaker)()
      #expect(breaker.state(at: simulation.now) == .closed)
    }
  }

  @Test func row14_anInnerTimeoutIsAFailureAndACallersCancellationIsNeutral() throws {
    try Simulation(seed: 1).run { simulation in
      let slow = ServiceCall { (_: Void) in try await simulation.sleep(for: .seconds(60)) }
      let timedOut = Self.quickBreaker()
      let call = slow.timeout(.seconds(1)).circuitBreaker(timedOut)
      for _ in 0..<2 { await #expect(throws: TimedOut.self) { try await call() } }
      #expect(timedOut.state(at: simulation.now) != .closed)

      let cancelled = Self.quickBreaker()
      let cancelledCall = slow.timeout(.seconds(1)).circuitBreaker(cancelled)
      for _ in 0..<4 {
        let task = Task.immediate(executorPreference: CallContext.current.executor) {
          try await cancelledCall()
        }
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
      }
      #expect(cancelled.state(at: simulation.now) == .closed)
      #expect(cancelled.snapshot().windowCalls == 0)
    }
  }

  @Test func row14_aHangThatATimeoutOutsideEndsIsAFailureToo() throws {
    try Simulation(seed: 1).run { simulation in
      let breaker = Self.quickBreaker()
      let hung = ServiceCall { (_: Void) in
        try await breaker.run { try await simulation.sleep(for: .seconds(3600)) }
      }.timeout(.seconds(1))
      for _ in 0..<2 { await #expect(throws: TimedOut.self) { try await hung() } }
      #expect(breaker.state(at: simulation.now) == .open(until: simulation.now.advanced(by: .seconds(5))))
      // Probes that hang do not keep it half-open for ever.
      for _ in 0..<3 {
        try await simulation.sleep(for: .seconds(5))
        await #expect(throws: TimedOut.self) { try await hung() }
        #expect(breaker.state(at: simulation.now) == .open(until: simulation.now.advanced(by: .seconds(5))))
      }
    }
  }

  @Test func aBroadClassifierDoesNotTakeOurOwnRefusalsForFailures() throws {
    try Simulation(seed: 1).run { simulation in
      let breaker = Self.quickBreaker()
      let empty = TokenBucket("empty", limit: RateLimit(0, per: .seconds(1)))
      let call = ServiceCall { (_: Void) in }
        .classify { result in if case .failure = result { .failure } else { nil } }
        .rateLimit(empty)
        .circuitBreaker(breaker)
      for _ in 0..<10 { await #expect(throws: RateLimited.self) { try await call() } }
      #expect(breaker.state(at: simulation.now) == .closed)
    }
  }

  @Test func row27_inTheCanonicalOrderTheBreakerOpensAndAnOpenBreakerIsNotHammered() throws {
    let (calls, now) = try Simulation(seed: 1).run { simulation in
      let breaker = Self.quickBreaker(openTime: .seconds(30))
      let attempts = Log<Instant>()
      let call = ServiceCall { (_: Void) in
        attempts.append(simulation.now)
        throw Down()
      }
      .circuitBreaker(breaker)
      .retry(RetryPolicy(maxAttempts: 5, backoff: .none), budget: nil)
      .deadline(.seconds(10))
      // Two attempts trip it; the third would have to wait longer than the deadline allows.
      await #expect(throws: CircuitOpen.self) { try await call() }
      await #expect(throws: CircuitOpen.self) { try await call() }
      return (attempts.entries.count, simulation.now)
    }
    #expect(calls == 2)
    #expect(now == Instant(nanoseconds: 0))
  }

  @Test func row27_anOpenBreakerIsNotWaitedForThoughItSaysUntilWhen() throws {
    let (calls, now) = try Simulation(seed: 1).run { simulation in
      let breaker = Self.quickBreaker(openTime: .seconds(5))
      let attempts = Log<Instant>()
      let call = ServiceCall { (_: Void) in
        attempts.append(simulation.now)
        throw Down()
      }
      .circuitBreaker(breaker)
      .retry(RetryPolicy(maxAttempts: 5, backoff: .none), budget: nil)
      let error = await #expect(throws: CircuitOpen.self) { try await call() }
      #expect(error?.retryAt == Instant(nanoseconds: 5_000_000_000))
      return (attempts.entries.count, simulation.now)
    }
    #expect(calls == 2)
    #expect(now == Instant(nanoseconds: 0))
  }

  @Test func row55_aTerminalEventComesOnceAfterTheLastAttemptOfTheOutermostPolicy() throws {
    let (events, attempts) = try Simulation(seed: 1).run { _ in
      let log = EventRecorder()
      let bus = EventBus(source: "test", onEvent: { log.record($0) })
      let type = EventType<Int>("numbers")
      let attempts = Log<Int>()
      try bus.subscribe(
        to: type, group: "readers", policy: DeliveryPolicy(maxDeliveries: 3, backoff: .constant(.seconds(1))),
        handler: EventHandler("read") { (event: Event<Int>) in
          attempts.append(event.attempt)
          throw Down()
        }.retry(RetryPolicy(maxAttempts: 2, backoff: .none), budget: nil))
      try await withThrowingTaskGroup { group in
        group.addTask { try await bus.run() }
        try await bus.publish(1, as: type)
        try await bus.waitUntilIdle()
        group.cancelAll()
      }
      return (log.events.map(\.name), attempts.entries)
    }
    #expect(attempts == [1, 1, 2, 2, 3, 3])
    #expect(events.filter { $0 == "event_bus.dead_lettered" }.count == 1)
    #expect(events.last == "event_bus.dead_lettered")
  }

  @Test func eachAttemptAndDecisionOfAStackIsInTheTrace() throws {
    let waterfall = try Simulation(seed: 1).run { simulation in
      let tracer = CallTracer("test")
      let attempts = Log<Int>()
      let call = ServiceCall("stock") { (_: Void) in
        attempts.append(1)
        if attempts.entries.count < 2 { throw Down() }
      }
      .retry(RetryPolicy(maxAttempts: 3, backoff: .constant(.seconds(1), jitter: .none)))
      .trace(tracer)
      try await call()
      let trace = try #require(tracer.store.traces.first)
      #expect(tracer.store.spans(inTrace: trace).map(\.role) == [.call, .attempt, .attempt])
      return tracer.store.waterfall(of: trace)
    }
    #expect(waterfall.contains("retry.scheduled call=stock attempt=2 delay_seconds=1.0"))
  }
}
