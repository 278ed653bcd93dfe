import Foundation
import Resilience
import ResilienceTestKit
import ResilienceTestSupport
import Testing

/// The layers between a service and another one, as one modifier.
@Suite struct StandardStackTests {
  private struct Down: Error {}

  // MARK: - What it is

  @Test func itSaysWhatItIs() {
    let stack = StandardStack("payment")
    let charge = ServiceCall("charge") { (order: Int) in order }.standardStack(stack)
    #expect(
      "\(charge)" == """
        charge: deadline 3 s → retry 3 (exponential 50 ms…20 s, full jitter) → circuit breaker payment → \
        timeout 1 s
        """)
    stack.update(StandardStackPolicy(rateLimit: .perSecond(50), bulkhead: BulkheadPolicy(limit: .fixed(20))))
    #expect(
      charge.layers.map(\.kind) == [
        "deadline", "rate limit", "bulkhead", "retry", "circuit breaker", "timeout",
      ])
    stack.update(StandardStackPolicy(bulkhead: BulkheadPolicy(limit: .fixed(20))))
    #expect(charge.layers.map(\.kind) == ["deadline", "bulkhead", "retry", "circuit breaker", "timeout"])
  }

  @Test func oneOfItsOwnHasTheCallsName() async throws {
    let charge = ServiceCall("charge") { (order: Int) in order + 1 }.standardStack()
    #expect(charge.layers.contains { "\($0)" == "circuit breaker charge" })
    #expect(try await charge(1) == 2)
  }

  /// The same layers by hand give the same results at the same instants.
  @Test(arguments: 1...20 as ClosedRange<UInt64>)
  func itDoesWhatItsLayersDo(seed: UInt64) throws {
    func play(_ stack: @escaping @Sendable (ServiceCall<Int, Int>) -> AnyHandler<Int, Int>) throws -> [String]
    {
      try Simulation(seed: seed).run { simulation in
        let call = stack(
          ServiceCall("stock") { (number: Int, context: CallContext) in
            let draw = CallContext.current.random() % 10
            try await simulation.sleep(for: draw == 0 ? .seconds(5) : .milliseconds(20))
            if draw < 5 { throw Down() }
            return number
          })
        var ends: [String] = []
        for number in 0..<60 {
          do {
            ends.append("\(simulation.now) \(try await call(number))")
          } catch {
            ends.append("\(simulation.now) \(type(of: error))")
          }
        }
        return ends
      }
    }
    let byHand = try play {
      $0.timeout(.seconds(1)).circuitBreaker(CircuitBreaker("stock")).retry(budget: RetryBudget("stock"))
        .deadline(.seconds(3)).erased()
    }
    #expect(try play { $0.standardStack(StandardStack("stock")).erased() } == byHand)
    #expect(Set(byHand.map { $0.split(separator: " ").last }).count >= 4, "\(byHand)")
  }

  @Test func theLayersThatThePolicyHasAreAsked() async throws {
    let stack = StandardStack("stock", policy: StandardStackPolicy(rateLimit: .perMinute(2)))
    let call = ServiceCall { (number: Int) in number }.standardStack(stack)
    _ = try await (call(1), call(2))
    await #expect(throws: RateLimited.self) { try await call(3) }

    stack.update(StandardStackPolicy(bulkhead: BulkheadPolicy(limit: .fixed(1))))
    let nested = ServiceCall { (number: Int) in try await call(number) }.standardStack(stack)
    await #expect(throws: BulkheadFull.self) { try await nested(4) }
    #expect(stack.bulkhead.snapshot().inUse == 0)

    stack.update(StandardStackPolicy())
    #expect(try await nested(5) == 5)
  }

  @Test func anEventHandlerTakesIt() throws {
    let seen = Log<Int>()
    try Simulation(seed: 1).run { simulation in
      let bus = EventBus(source: "shop")
      let bill = EventHandler("bill") { (event: Event<Int>) in
        seen.append(event.data)
        if seen.entries.count == 1 { throw Down() }
      }
      .standardStack(.eventHandler)
      let placed = EventType<Int>("order_placed")
      try bus.subscribe(to: placed, group: "billing", handler: bill.deduplicate(Inbox()))
      try await withThrowingTaskGroup { group in
        group.addTask { try await bus.run() }
        try await bus.publish(7, as: placed)
        try await bus.waitUntilIdle()
        group.cancelAll()
      }
      #expect(bus.deadLetters.letters.isEmpty)
    }
    #expect(seen.entries == [7, 7])
  }

  @Test func itsMetricsAreThoseOfTheLayersThatItHas() {
    let stack = StandardStack("stock")
    func names() -> Set<String> { Set(stack.metrics.map(\.name)) }
    #expect(names().contains("circuit_breaker_state") && names().contains("retry_budget_available"))
    let without = names().count
    stack.update(StandardStackPolicy(rateLimit: .perSecond(5), bulkhead: BulkheadPolicy()))
    #expect(names().count > without + 4)
  }

  // MARK: - Changed while it runs

  /// Ten thousand calls, some of them always under way, while the document changes a hundred times, and is
  /// wrong ten times.
  @Test func countsDebtsAndPlacesStayWhileCallsRun() throws {
    let answered = Log<Int>()
    let refused = Log<Int>()
    let others = Log<String>()
    try Simulation(seed: 5).run { simulation in
      // Two hundred at once at most, a thousand a second: more than comes.
      func policy(_ round: Int) -> StandardStackPolicy {
        StandardStackPolicy(
          deadline: .seconds(round.isMultiple(of: 2) ? 3 : 4), timeout: .milliseconds(900 + round),
          retry: RetryPolicy(maxAttempts: 2 + round % 3),
          circuitBreaker: CircuitBreakerPolicy(
            window: .count(10_000), failureRate: 0.9 - Double(round % 7) / 100, minimumThroughput: 10_000),
          rateLimit: round % 5 == 4 ? nil : RateLimit(1000, per: .seconds(1), burst: 500 + round),
          bulkhead: round % 7 == 6 ? nil : BulkheadPolicy(limit: .fixed(200 + round), maxWaiting: 100))
      }
      func document(_ round: Int) throws -> Data { try JSONEncoder().encode(["stock": policy(round)]) }
      func read(_ document: Data) throws -> [String: StandardStackPolicy] {
        try JSONDecoder().decode([String: StandardStackPolicy].self, from: document)
      }
      let stacks = StandardStacks(try read(document(0)))
      let stack = stacks["stock"]
      let call = ServiceCall("stock") { (number: Int) in
        try await simulation.sleep(for: .milliseconds(100))
        if number.isMultiple(of: 4) { throw Down() }
        answered.append(number)
      }
      .standardStack(stack)
      try await withThrowingTaskGroup { group in
        group.addTask {
          for round in 1...100 {
            try await simulation.sleep(for: .milliseconds(100))
            stacks.update(try read(document(round)))
            #expect(stack.policy == policy(round))
            if let limit = policy(round).rateLimit { #expect(stack.rateLimiter.limit == limit) }
            if let bulkhead = policy(round).bulkhead { #expect(stack.bulkhead.policy == bulkhead) }
            guard round.isMultiple(of: 10) else { continue }
            #expect(throws: InvalidSetting.self) {
              stacks.update(try read(Data(#"{"stock": {"timeout": "1min"}}"#.utf8)))
            }
            #expect(stack.policy == policy(round))
          }
        }
        for number in 0..<10_000 {
          group.addTask {
            do {
              try await call(number)
            } catch is Down {
              refused.append(number)
            } catch {
              others.append("\(error)")
            }
          }
          try await simulation.sleep(for: .milliseconds(1))
        }
        try await group.waitForAll()
      }
      // Places: nobody has kept one. Counts: every attempt was counted, and the window is full of them.
      #expect(stack.bulkhead.snapshot().inUse == 0 && stack.bulkhead.snapshot().waiting == 0)
      let breaker = stack.circuitBreaker.snapshot()
      #expect(breaker.successes == 7500 && breaker.windowCalls == 10_000 && breaker.staleResults == 0)
      #expect(breaker.failures == 2500 + Int(stack.budget.snapshot().granted))
      #expect(stack.budget.snapshot().granted > 100)
      // Debts: what the calls took in the last seconds is owed.
      #expect(stack.rateLimiter.snapshot().acquired + 2200 > 10_000)
    }
    #expect(others.entries.isEmpty, "\(others.entries.prefix(3))")
    #expect(answered.entries.count == 7500)
    #expect(refused.entries.count == 2500)
  }

  @Test func anOpenBreakerStaysOpenAndADebtStaysOwed() throws {
    try Simulation(seed: 5).run { simulation in
      let stack = StandardStack("stock", policy: StandardStackPolicy(rateLimit: .perMinute(60)))
      stack.circuitBreaker.set(.forcedOpen)
      for _ in 0..<60 { #expect(stack.rateLimiter.tryAcquire() == .acquired) }
      stack.update(StandardStackPolicy(timeout: .milliseconds(500), rateLimit: .perMinute(50)))
      stack.update(StandardStackPolicy())
      stack.update(StandardStackPolicy(rateLimit: .perMinute(60)))
      #expect(stack.circuitBreaker.snapshot().state == .forcedOpen)
      #expect(stack.rateLimiter.tryAcquire() != .acquired)
      #expect(stack.policy == StandardStackPolicy(rateLimit: .perMinute(60)))
    }
  }
}
