import Resilience
import ResilienceTestKit
import Testing

private struct Down: Error {}

private let placed = EventType<Int>("placed")

/// Layers around the handler of a subscription, whose redeliveries are one more layer.
@Suite struct RedeliveredStackTests {
  struct Seen: Sendable, Hashable {
    let delivery: Int
    let attempt: UInt16
    let header: String
    let isLast: Bool
  }

  /// What a handler that always fails sees of an event, with two attempts in each delivery.
  private func seen(maxDeliveries: Int, of deliveries: Int, inbox: Inbox? = nil) throws -> [Seen] {
    try Simulation(seed: 1).run { sim in
      let (bus, log) = (EventBus(source: "shop"), Log<Seen>())
      let handler = EventHandler("bill") { (event: Event<Int>, context: CallContext) in
        log.append(
          Seen(
            delivery: event.attempt, attempt: context.attempt, header: context.attemptHeader,
            isLast: context.isLastAttempt))
        if event.attempt <= deliveries { throw Down() }
      }
      .retry(RetryPolicy(maxAttempts: 2, backoff: .none), budget: nil)
      let policy = DeliveryPolicy(
        maxDeliveries: maxDeliveries, backoff: .constant(.seconds(1), jitter: .none))
      if let inbox {
        try bus.subscribe(to: placed, group: "g", policy: policy, handler: handler.deduplicate(inbox))
      } else {
        try bus.subscribe(to: placed, group: "g", policy: policy, handler: handler)
      }
      try await bus.runUntilIdle { try await bus.publish(1, as: placed) }
      return log.entries
    }
  }

  @Test(arguments: [nil, Inbox()])
  func row99_attemptsThroughRedeliveriesAreToldApartAndTheLastIsTheLastOfTheLastDelivery(inbox: Inbox?) throws
  {
    let seen = try seen(maxDeliveries: 3, of: 3, inbox: inbox)
    #expect(seen.map(\.delivery) == [1, 1, 2, 2, 3, 3])
    #expect(seen.map(\.attempt) == [1, 2, 3, 4, 5, 6])
    #expect(seen.map(\.isLast) == [false, false, false, false, false, true])
    #expect(seen.map(\.header) == (1...6).map { "attempt=\($0); max=6" })
  }

  @Test func row99_redeliveriesWithoutABoundHaveNoLastAttempt() throws {
    let seen = try seen(maxDeliveries: .max, of: 2)
    #expect(seen.map(\.attempt) == [1, 2, 3, 4, 5])
    #expect(seen.allSatisfy { !$0.isLast })
    #expect(seen.map(\.header) == (1...5).map { "attempt=\($0)" })
  }

  /// An open breaker, an empty bucket and a used-up quota put no load on the destination.
  @Test(arguments: ["breaker", "bucket", "quota"])
  func row68_aRedeliveryAfterARefusalTakesNoTokenOfTheBudget(layer: String) throws {
    try Simulation(seed: 1).run { sim in
      let (bus, budget) = (EventBus(source: "shop"), RetryBudget("bank", ratio: 0, reserve: 3))
      let handled = Log<Int>()
      let leaf = EventHandler("bill") { (event: Event<Int>) in handled.append(event.data) }
      let breaker = CircuitBreaker("bank")
      let bucket = TokenBucket("bank", limit: .perSecond(1, burst: 1))
      let handler =
        switch layer {
        case "breaker": leaf.circuitBreaker(breaker).erased()
        case "bucket": leaf.rateLimit(bucket).erased()
        default: leaf.rateLimit(QuotaLimiter("bank", quotas: [.perSecond(1)])).erased()
        }
      try bus.subscribe(
        to: placed, group: "g",
        policy: DeliveryPolicy(maxDeliveries: 100, backoff: .constant(.milliseconds(500), jitter: .none)),
        budget: budget, handler: handler)
      breaker.set(.forcedOpen)
      try await bus.runUntilIdle {
        for number in 1...10 { try await bus.publish(number, as: placed) }
        try await sim.sleep(for: .seconds(5))
        breaker.set(nil)
      }
      #expect(handled.entries.sorted() == Array(1...10))
      #expect(bus.snapshot().groups.allSatisfy { $0.redeliveries >= 9 })
      #expect(budget.snapshot().granted == 0)
      #expect(budget.snapshot().refused == 0)
      #expect(budget.available == 3)
    }
  }

  /// The shutdown, through all layers of the handler: nobody holds it against the destination.
  @Test func row66_theShutdownIsNeutralInEveryLayerOfTheHandler() throws {
    try Simulation(seed: 1).run { sim in
      let (bus, breaker, budget) = (EventBus(source: "shop"), CircuitBreaker("bank"), RetryBudget("bank"))
      let (calls, recorder) = (Log<Int>(), EventRecorder())
      try bus.subscribe(
        to: placed, group: "g", policy: DeliveryPolicy(maxDeliveries: 1), budget: budget,
        handler: EventHandler("bill") { (event: Event<Int>) in
          calls.append(event.attempt)
          if calls.entries.count > 1 { return }
          try? await sim.sleep(for: .seconds(60))
          // What the client makes of its cancellation.
          throw Down()
        }
        .timeout(.seconds(300)).circuitBreaker(breaker).retry(
          budget: budget, onEvent: { recorder.record($0) }))
      try await bus.runUntil {
        try await bus.publish(1, as: placed)
        try await sim.sleep(for: .seconds(5))
      }
      #expect(breaker.snapshot().failures == 0)
      #expect(budget.snapshot().granted == 0)
      #expect(recorder.descriptions == ["retry.gave_up call=bill attempts=1 reason=cancelled"])
      #expect(bus.snapshot().groups.map(\.queued) == [1])
      try await bus.runUntilIdle {}
      #expect(calls.entries == [1, 1])
      #expect(bus.snapshot().groups.map(\.delivered) == [1])
    }
  }
}

extension EventBus {
  /// Runs until `body` has returned.
  fileprivate func runUntil(_ body: nonisolated(nonsending) () async throws -> Void) async throws {
    try await withThrowingTaskGroup(of: Void.self) { tasks in
      tasks.addTask { do { try await self.run() } catch is CancellationError {} }
      try await body()
      tasks.cancelAll()
      try await tasks.waitForAll()
    }
  }

  /// Runs until `body` has returned and nothing is outstanding.
  fileprivate func runUntilIdle(_ body: nonisolated(nonsending) () async throws -> Void) async throws {
    try await runUntil {
      try await body()
      try await waitUntilIdle()
    }
  }
}
