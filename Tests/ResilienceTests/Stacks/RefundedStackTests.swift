import Resilience
import ResilienceTestKit
import Testing

/// A refusal further in proves that nothing ran: what a layer outside took for the call goes back.
@Suite struct RefundedStackTests {
  private struct Down: Error {}

  enum Refusal: String, CaseIterable, Sendable {
    case breaker, bulkhead, bucket, quota, deadline
  }

  /// A call that its innermost layer refuses.
  private func refused(by refusal: Refusal, _ sim: Simulation) -> AnyHandler<Int, Void> {
    let call = ServiceCall("stock") { (_: Int) -> Void in Issue.record("it was called") }
    switch refusal {
    case .breaker:
      let breaker = CircuitBreaker("stock")
      breaker.set(.forcedOpen)
      return call.circuitBreaker(breaker).erased()
    case .bulkhead:
      return call.bulkhead(Bulkhead("stock", limit: .fixed(1)), weight: 2).erased()
    case .bucket: return call.rateLimit(TokenBucket("empty", limit: .perSecond(0))).erased()
    case .quota:
      return call.rateLimit(QuotaLimiter("empty", quotas: [.perSecond(0)])).erased()
    case .deadline:
      var late = CallContext.current
      late.tightenDeadline(to: Deadline(at: sim.now))
      let context = late
      let limited = call.deadline(.seconds(1))
      return ServiceCall { (input: Int) in try await limited.handle(input, context: context) }
        .erased()
    }
  }

  /// Behind a retry a refusal says nothing of the attempts before: no other instance gets the call once more.
  @Test func row68_aRefusalBehindARetryMovesNoCallToAnotherInstance() throws {
    try Simulation(seed: 1).run { _ in
      let (registry, made) = (ServiceRegistry(), Log<String>())
      for id in ["a", "b", "c"] {
        registry.register(ServiceInstance(id: id, service: "stock"), ttl: .seconds(60))
      }
      let policy = CircuitBreakerPolicy(
        window: .count(1), failureRate: 1, minimumThroughput: 1, openTime: .seconds(5),
        maxOpenTime: .seconds(60), halfOpenPermits: 1)
      let call = registry.service("stock").balanced { instance in
        ServiceCall(instance.id) { (_: Int) -> Void in
          made.append(instance.id)
          throw Down()
        }
        .circuitBreaker(CircuitBreaker(instance.id, policy: policy))
        .retry(RetryPolicy(maxAttempts: 2, backoff: .none))
      }
      await #expect(throws: CircuitOpen.self) { try await call(1) }
      #expect(made.entries.count == 1)
      #expect(call.balancer.snapshot().instances.allSatisfy { $0.inFlight == 0 })
    }
  }

  private struct Refused: Rejection {
    var retryAt: Instant?
  }

  /// Behind a retry a refusal says nothing of the attempts before: whoever repeats it pays, as for a failure.
  @Test(arguments: [false, true])
  func row68_aRefusalBehindARetryTakesAToken(isBehindARetry: Bool) throws {
    try Simulation(seed: 1).run { sim in
      let once = RetryPolicy(maxAttempts: 1)
      let leaf = ServiceCall("stock") { (_: Int) -> Void in throw Refused(retryAt: sim.now) }
      let call =
        isBehindARetry ? leaf.retry(once, budget: nil).erased() : leaf.erased()
      let budget = RetryBudget(ratio: 0, reserve: 5, refillInterval: nil)
      let twice = RetryPolicy(maxAttempts: 2, backoff: .none)
      await #expect(throws: Refused.self) { try await call.retry(twice, budget: budget)(1) }
      #expect(budget.available == (isBehindARetry ? 4 : 5))

      let (bus, type) = (EventBus(source: "tests"), EventType<Int>("number"))
      let deliveries = RetryBudget(ratio: 0, reserve: 5, refillInterval: nil)
      let handler = EventHandler("g") { (_: Event<Int>) in throw Refused(retryAt: nil) }
      let policy = DeliveryPolicy(maxDeliveries: 2, backoff: .constant(.seconds(1), jitter: .none))
      if isBehindARetry {
        try bus.subscribe(
          to: type, group: "g", policy: policy, budget: deliveries, handler: handler.retry(once, budget: nil))
      } else {
        try bus.subscribe(to: type, group: "g", policy: policy, budget: deliveries, handler: handler)
      }
      try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask { try? await bus.run() }
        try await bus.publish(1, as: type)
        try await bus.waitUntilIdle()
        tasks.cancelAll()
      }
      #expect(bus.deadLetters.count == 1)
      #expect(deliveries.available == (isBehindARetry ? 4 : 5))
    }
  }

  /// Two refusals are one only if nothing was sent before the first.
  @Test(arguments: [false, true])
  func aFallbackBehindWhichARetryIsRefusedHasFailed(isBehindARetry: Bool) async throws {
    let leaf = ServiceCall("stock") { (_: Int) -> Void in throw Refused(retryAt: nil) }
    let call =
      isBehindARetry
      ? leaf.retry(RetryPolicy(maxAttempts: 1), budget: nil).erased() : leaf.erased()
    let error = await #expect(throws: (any Error).self) {
      try await call.fallback { _, _ in throw Refused(retryAt: Instant(nanoseconds: 1)) }(1)
    }
    #expect(error is FallbackRefused == !isBehindARetry)
    #expect(error is FallbackFailed == isBehindARetry)
  }

  /// A balancer repeats nothing that was sent: what its instances refuse takes no token of a retry around it.
  @Test(arguments: [false, true])
  func row68_whatABalancersInstancesRefuseTakesNoToken(isBehindARetry: Bool) throws {
    try Simulation(seed: 1).run { sim in
      let registry = ServiceRegistry()
      registry.register(ServiceInstance(id: "a", service: "stock"), ttl: .seconds(60))
      let leaf = ServiceCall("stock") { (_: Int) -> Void in throw Refused(retryAt: sim.now) }
      let (budget, twice) = (
        RetryBudget(ratio: 0, reserve: 5, refillInterval: nil), RetryPolicy(maxAttempts: 2, backoff: .none)
      )
      let service = registry.service("stock")
      if isBehindARetry {
        let call = service.balanced { _ in leaf.retry(RetryPolicy(maxAttempts: 1), budget: nil) }
        await #expect(throws: Refused.self) { try await call.retry(twice, budget: budget)(1) }
      } else {
        let call = service.balanced { _ in leaf }
        await #expect(throws: Refused.self) { try await call.retry(twice, budget: budget)(1) }
      }
      #expect(budget.available == (isBehindARetry ? 4 : 5))
    }
  }

  /// A hedge's second attempt that is refused behind a retry keeps its token.
  @Test(arguments: [false, true])
  func row68_aHedgeBehindWhichARetryIsRefusedPays(isBehindARetry: Bool) throws {
    try Simulation(seed: 1).run { sim in
      let leaf = ServiceCall("stock") { (_: Int, context: CallContext) in
        if context.attempt == 1 { return try await sim.sleep(for: .seconds(1)) }
        throw Refused(retryAt: nil)
      }
      let call =
        isBehindARetry
        ? leaf.retry(RetryPolicy(maxAttempts: 1), budget: nil).erased() : leaf.erased()
      let budget = RetryBudget(ratio: 0, reserve: 5, refillInterval: nil)
      try await call.hedge(HedgePolicy(delay: .fixed(.milliseconds(10))), budget: budget)(1)
      #expect(budget.available == (isBehindARetry ? 4 : 5))
    }
  }

  enum Hiding: String, CaseIterable, Sendable {
    case nothing, layer, eraser, both
  }

  /// The first attempt reaches the destination and fails, the second is refused: the permit was used, however
  /// well the retry is hidden. Without a retry the same refusal gives it back, through the same layers.
  @Test(arguments: Hiding.allCases, [true, false])
  func row68_aRetryIsFoundHoweverDeepInsideALimit(hiding: Hiding, isRetried: Bool) async throws {
    let made = Log<Int>()
    let leaf = ServiceCall("stock") { (number: Int) -> Void in
      made.append(number)
      if isRetried, made.entries.count == 1 { throw Down() }
      throw CircuitOpen(breaker: "stock", retryAt: nil)
    }
    let call =
      isRetried
      ? AnyHandler(leaf.retry(RetryPolicy(maxAttempts: 2, backoff: .none), budget: nil)) : AnyHandler(leaf)
    let (bucket, quota) = (
      TokenBucket("work", limit: .perHour(1, burst: 3)), QuotaLimiter("p", quotas: [.perHour(3)])
    )
    func limited(_ call: some Handler<Int, Void>) -> AnyHandler<Int, Void> {
      AnyHandler(call.rateLimit(bucket).rateLimit(quota, cost: { _ in 1 }))
    }
    let stack =
      switch hiding {
      case .nothing:
        isRetried
          ? limited(leaf.retry(RetryPolicy(maxAttempts: 2, backoff: .none), budget: nil)) : limited(leaf)
      case .layer: limited(call.deadline(.seconds(9)).named("hidden"))
      case .eraser: limited(call)
      case .both: limited(AnyHandler(call.timeout(.seconds(9))).fallback(()) { _, _ in false })
      }
    await #expect(throws: CircuitOpen.self) { try await stack(1) }
    #expect(made.entries.count == (isRetried ? 2 : 1))
    #expect(bucket.snapshot().available == (isRetried ? 2 : 3))
    #expect(quota.snapshot().usage[0].available == (isRetried ? 2 : 3))
  }

  @Test(arguments: Refusal.allCases)
  func row68_aRefusalInsideCostsTheLayersOutsideNothing(refusal: Refusal) throws {
    try Simulation(seed: 1).run { sim in
      let bucket = TokenBucket("work", limit: .perHour(1, burst: 3))
      let quota = QuotaLimiter("provider", quotas: [.perHour(3), .perDay(5)])
      let bulkhead = Bulkhead("stock", limit: .fixed(2))
      let throttle = AdaptiveThrottle("stock")
      let customers = KeyedRateLimiter<Int>("customers", limit: .perHour(1, burst: 10))
      let call = refused(by: refusal, sim).throttle(throttle).bulkhead(bulkhead).rateLimit(quota)
        .rateLimit(bucket).rateLimit(customers, by: { $0 })
      for _ in 0..<10 { await #expect(throws: (any Error).self) { try await call(7) } }
      #expect(bucket.snapshot().available == 3)
      #expect(bucket.snapshot().refunded == 10)
      #expect(quota.snapshot().usage.map(\.available) == [3, 5])
      #expect(bulkhead.snapshot().inUse == 0)
      #expect(throttle.snapshot().attempts == 0)
      // It counts that somebody asks.
      #expect(customers.available(key: 7) == 0)
    }
  }

  /// Around a retry the last attempt's refusal says nothing about the others.
  @Test func row68_aCallOfWhichAnAttemptRanKeepsItsPermit() throws {
    try Simulation(seed: 1).run { _ in
      let breaker = CircuitBreaker(
        "stock",
        policy: CircuitBreakerPolicy(
          window: .count(2), failureRate: 0.5, minimumThroughput: 1, openTime: .seconds(5),
          maxOpenTime: .seconds(60), halfOpenPermits: 1))
      let bucket = TokenBucket("calls", limit: .perHour(1, burst: 3))
      let call = ServiceCall("stock") { (_: Int) in throw Down() }.idempotent().circuitBreaker(breaker)
        .retry(RetryPolicy(maxAttempts: 2, backoff: .constant(.zero, jitter: .none))).rateLimit(bucket)
      await #expect(throws: (any Error).self) { try await call(1) }
      #expect(bucket.snapshot().available == 2)
      #expect(bucket.snapshot().refunded == 0)
    }
  }
}
