import Foundation
import ResilienceCore
import ResilienceRateLimiter
import Testing

@Suite struct RateLimitTests {
  @Test(arguments: [
    (RateLimit.perSecond(100), 100), (.perMinute(200), 3), (.perHour(1), 1), (.perMinute(200, burst: 20), 20),
    (RateLimit(5, per: .milliseconds(250), burst: 1), 1), (.perSecond(3), 3),
    (RateLimit(10, per: .nanoseconds(1)), 10_000_000_000), (.perSecond(0), 0), (.unlimited, .max),
  ])
  func theBurstIsASecondsWorth(limit: RateLimit, burst: Int) {
    #expect(limit.burst == burst)
  }

  @Test(arguments: [RateLimit.perMinute(200, burst: 20), .perSecond(0, burst: 3), .unlimited])
  func isReadAsItWasWritten(limit: RateLimit) throws {
    #expect(try JSONDecoder().decode(RateLimit.self, from: JSONEncoder().encode(limit)) == limit)
  }

  @Test func isReadWithoutABurst() throws {
    let document = Data(#"{"permits": 7, "periodNanoseconds": 2000000000}"#.utf8)
    #expect(try JSONDecoder().decode(RateLimit.self, from: document) == RateLimit(7, per: .seconds(2)))
  }

  @Test(arguments: [
    (#"{"permits": -1, "periodNanoseconds": 1}"#, "permits must be in 0 ... 10⁹, was -1"),
    (#"{"permits": 1000000001, "periodNanoseconds": 1}"#, "permits must be in 0 ... 10⁹, was 1000000001"),
    (#"{"permits": 1, "periodNanoseconds": 0}"#, "period must be at least 1 ns, was 0 ns"),
    (#"{"permits": 1, "periodNanoseconds": 1, "burst": 0}"#, "burst must be at least 1, was 0"),
    (
      #"{"permits": 1, "periodNanoseconds": 1000000000, "burst": 2000000000}"#,
      "burst must be such that it is saved up within 36 years, was 2000000000 at 1 per 1000000000 ns"
    ),
  ])
  func aDocumentThatMakesNoLimitIsNamed(document: String, problem: String) {
    let error = #expect(throws: InvalidRateLimit.self) {
      try JSONDecoder().decode(RateLimit.self, from: Data(document.utf8))
    }
    #expect(error?.description == "a rate limit's \(problem)")
  }

  @Test func describesItself() {
    #expect(RateLimit.perMinute(200, burst: 20).description == "200 per 60.0 seconds, burst 20")
    #expect(RateLimit.unlimited.description == "unlimited")
  }
}
