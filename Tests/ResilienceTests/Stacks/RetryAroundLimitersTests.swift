import Resilience
import ResilienceTestKit
import Testing

/// A retry waits until the limiter inside has room again, and not for its own backoff.
@Suite struct RetryAroundLimitersTests {
  enum Limiter: String, CaseIterable, Sendable {
    case bucket, keyed, quota
  }

  private func limited(_ call: ServiceCall<String, Void>, by limiter: Limiter) -> AnyHandler<String, Void> {
    switch limiter {
    case .bucket:
      call.idempotent().rateLimit(TokenBucket("bucket", limit: .perSecond(2, burst: 1))).erased()
    case .keyed:
      call.idempotent()
        .rateLimit(KeyedRateLimiter<String>("keyed", limit: .perSecond(2, burst: 1)), by: { $0 })
        .erased()
    case .quota:
      call.idempotent()
        .rateLimit(QuotaLimiter("quota", quotas: [Quota(1, per: .milliseconds(500)), .perSecond(2)]))
        .erased()
    }
  }

  private let backoff = Backoff.constant(.milliseconds(1), jitter: .none)

  @Test(arguments: Limiter.allCases)
  func comesBackWhenThereIsRoom(limiter: Limiter) throws {
    let calls = Log<Instant>()
    try Simulation(seed: 1).run { sim in
      let call = limited(ServiceCall("call") { (_: String) in calls.append(sim.now) }, by: limiter)
        .retry(RetryPolicy(maxAttempts: 2, backoff: backoff))
      try await call("ann")
      try await call("ann")
    }
    let room: Int64 = limiter == .quota ? 507_812_500 : 500_000_000
    #expect(calls.entries == [Instant(nanoseconds: 0), Instant(nanoseconds: room)])
  }

  @Test(arguments: Limiter.allCases)
  func doesNotWaitPastItsDeadlineOrForLongerThanItMay(limiter: Limiter) throws {
    try Simulation(seed: 1).run { sim in
      let call = limited(ServiceCall("call") { (_: String) in }, by: limiter)
      let impatient = call.retry(
        RetryPolicy(maxAttempts: 2, backoff: backoff, maxRetryAfter: .milliseconds(499)))
      try await impatient("ann")
      await #expect(throws: RateLimited.self) { try await impatient("ann") }
      let bounded = call.retry(RetryPolicy(maxAttempts: 2, backoff: backoff)).deadline(.milliseconds(499))
      await #expect(throws: RateLimited.self) { try await bounded("ann") }
      #expect(sim.now == Instant(nanoseconds: 0))
    }
  }
}
