import Resilience
import Testing

private struct Logged<Base: Handler>: HandlerDecorator {
  let base: Base

  func handle(_ input: Base.Input, context: CallContext) async throws -> Base.Output {
    try await base.handle(input, context: context)
  }
}

private struct Leaf: Handler {
  func handle(_ input: Int, context: CallContext) async throws -> Int { input }
}

/// A stack says what it is.
@Suite struct StackDescriptionTests {
  private let call = ServiceCall("payment") { (input: Int) in input }

  @Test func oneLineFromTheOutsideIn() {
    let charge = call.timeout(.seconds(1)).circuitBreaker(CircuitBreaker("payment")).retry()
      .deadline(.seconds(3))
    #expect(
      "\(charge)" == """
        payment: deadline 3 s → retry 3 (exponential 50 ms…20 s, full jitter) → circuit breaker payment → \
        timeout 1 s
        """)
    #expect(charge.layers.map(\.kind) == ["deadline", "retry", "circuit breaker", "timeout"])
    #expect("\(charge.erased())" == "\(charge)")
  }

  @Test func everyLayerSaysWhatItIs() {
    let limit = call.rateLimit(TokenBucket("gateway", limit: .perSecond(100)))
      .rateLimit(KeyedRateLimiter<Int>("", limit: .perMinute(6, burst: 2)), by: { $0 })
    #expect(
      limit.layers.map(\.description) == [
        "rate limit 6 per 1 min, burst 2, by key", "rate limit gateway (100 per 1 s, burst 100)",
      ])
    let room = call.bulkhead(20).bulkhead(Bulkhead("pool"))
    #expect(
      room.layers.map(\.description) == [
        "bulkhead pool (learned, 1…1000 at once)", "bulkhead payment (20 at once)",
      ])
    let hedged = call.hedge(after: .milliseconds(50)).retry(RetryPolicy(maxAttempts: .max, backoff: .none))
    #expect("\(hedged)" == "payment: retry without limit (no wait) → hedge after 50 ms")
    #expect("\(call.hedge())" == "payment: hedge after percentile 95.0")
    let traced = call.throttle(AdaptiveThrottle("shipping")).coalesce(by: { $0 })
      .fallback { _, _ in 0 }.trace(CallTracer(), "charge")
    #expect("\(traced)" == "payment: trace charge → fallback → coalesce → throttle shipping")
    let marked = call.nonIdempotent().notReplayable().named("charge").classify { _ in nil }
    #expect("\(marked)" == "charge: not replayable → non-idempotent")
  }

  @Test func aBalancedCallNamesServiceAndStrategy() {
    let call = ServiceRegistry().service("stock").balanced { _ in Leaf() }.retry(RetryPolicy(maxAttempts: 2))
    #expect(call.layers.map(\.kind) == ["retry", "balanced"])
    #expect(call.layers.last?.detail == "stock (\(BalancingStrategy.powerOfTwoChoices))")
  }

  @Test func handlersOfOthersHaveNames() {
    #expect("\(Leaf())" == "call")
    #expect("\(Logged(base: Leaf()).timeout(.seconds(2)))" == "call: timeout 2 s → Logged")
  }

  @Test func backoffsSayTheirShape() {
    let backoffs: [Backoff] = [
      .none, .constant(.milliseconds(1500), jitter: .none), .linear(base: .seconds(1), cap: .seconds(60)),
      .decorrelated(), .custom([.seconds(1), .seconds(5)], jitter: .equal),
      .exponential(jitter: .proportional(0.2)),
    ]
    #expect(
      backoffs.map(\.description) == [
        "no wait", "constant 1500 ms", "linear 1 s…1 min, full jitter",
        "decorrelated 50 ms…20 s, full jitter", "2 delays up to 5 s, equal jitter",
        "exponential 50 ms…20 s, jitter 0.2",
      ])
  }
}

/// What a new user types first.
@Suite struct ShortcutTests {
  private struct Down: Error {}

  @Test func modifiersMakeTheirOwnObjects() async throws {
    let call = ServiceCall("payment") { (input: Int) in
      if input < 0 { throw Down() }
      return input
    }
    let limited = call.rateLimit(.perHour(1, burst: 2))
    let limit = await [limited.result(of: 1), limited.result(of: 2), limited.result(of: 3)]
    #expect(limit.map { try? $0.get() } == [1, 2, nil])
    #expect(throws: RateLimited.self) { try limit[2].get() }

    let guarded = call.circuitBreaker(
      CircuitBreakerPolicy(
        minimumThroughput: 2, openTime: .seconds(5), maxOpenTime: .seconds(60), halfOpenPermits: 1))
    for _ in 0..<2 { await #expect(throws: Down.self) { try await guarded(-1) } }
    await #expect(throws: CircuitOpen.self) { try await guarded(1) }

    let closed = ServiceCall("payment") { (_: Int) in try await call(1) }.bulkhead(1)
    let value = try await closed(1)
    #expect(value == 1)
  }

  @Test func resultGivesBackWhatIsThrown() async {
    let call = ServiceCall { (input: Int) in
      if input < 0 { throw Down() }
      return input
    }
    #expect(await (try? call.result(of: 7).get()) == 7)
    await #expect(throws: Down.self) { try await call.result(of: -7).get() }
  }

  @Test func aClosureSubscribes() async throws {
    let placed = EventType<Int>("placed")
    let bus = EventBus(source: "shop")
    let seen = AsyncStream<Int>.makeStream()
    try bus.subscribe(to: placed, group: "billing") { event in
      seen.continuation.yield(event.data)
      seen.continuation.finish()
    }
    try await withThrowingTaskGroup { group in
      // Delivers beside the test, until it is cancelled.
      group.addTask { try await bus.run() }
      try await bus.publish(17, as: placed)
      for await value in seen.stream { #expect(value == 17) }
      group.cancelAll()
    }
  }
}
