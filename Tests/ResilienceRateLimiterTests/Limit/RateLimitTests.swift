import ResilienceCore
import Testing

@testable import ResilienceRateLimiter

@Suite struct RateLimitTests {
  @Test(arguments: [
    (RateLimit.perSecond(100), 100, 10_000_000),
    (RateLimit.perMinute(200), 3, 300_000_000),
    (RateLimit.perHour(1), 1, 3_600_000_000_000),
    (RateLimit.perMinute(200, burst: 20), 20, 300_000_000),
    (RateLimit(5, per: .milliseconds(250), burst: 1), 1, 50_000_000),
    (RateLimit.perSecond(3), 3, 333_333_334),
    (RateLimit.perSecond(1_000_000_000), 1_000_000_000, 1),
    (RateLimit(10, per: .nanoseconds(1)), 10_000_000_000, 1),
    (RateLimit.perSecond(0), 0, 1),
  ])
  func theBurstIsASecondsWorthAndTheIntervalIsRoundedUp(limit: RateLimit, burst: Int, interval: Int64) {
    #expect(limit.burst == burst)
    #expect(limit.intervalNanoseconds == interval)
  }

  @Test func describesItself() {
    #expect(RateLimit.perMinute(200, burst: 20).description == "200 per 60.0 seconds, burst 20")
    #expect(RateLimit.unlimited.description == "unlimited")
  }
}
