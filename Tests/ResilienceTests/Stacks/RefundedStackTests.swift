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
      return call.circuitBreaker(breaker).eraseToAnyHandler()
    case .bulkhead:
      return call.bulkhead(Bulkhead("stock", limit: .fixed(1)), weight: 2).eraseToAnyHandler()
    case .bucket: return call.rateLimit(TokenBucket("empty", limit: .perSecond(0))).eraseToAnyHandler()
    case .quota:
      return call.rateLimit(QuotaLimiter("empty", quotas: [.perSecond(0)])).eraseToAnyHandler()
    case .deadline:
      var late = CallContext.current
      late.tightenDeadline(to: Deadline(at: sim.now))
      let context = late
      let limited = call.deadline(.seconds(1))
      return ServiceCall { (input: Int) in try await limited.handle(input, context: context) }
        .eraseToAnyHandler()
    }
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
        "stock", policy: CircuitBreakerPolicy(window: .count(2), failureRate: 0.5, minimumThroughput: 1))
      let bucket = TokenBucket("calls", limit: .perHour(1, burst: 3))
      let call = ServiceCall("stock") { (_: Int) in throw Down() }.idempotent().circuitBreaker(breaker)
        .retry(RetryPolicy(maxAttempts: 2, backoff: .constant(.zero, jitter: .none))).rateLimit(bucket)
      await #expect(throws: (any Error).self) { try await call(1) }
      #expect(bucket.snapshot().available == 2)
      #expect(bucket.snapshot().refunded == 0)
    }
  }
}
