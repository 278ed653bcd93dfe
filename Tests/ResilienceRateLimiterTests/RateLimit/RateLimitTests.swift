import Foundation
import ResilienceCore
import ResilienceRateLimiter
import Testing

@Suite struct RateLimitTests {
  @Test(arguments: [
    (RateLimit.perSecond(100), 100), (.perMinute(200), 200), (.perHour(1), 1),
    (.perMinute(200, burst: 20), 20),
    (RateLimit(5, per: .milliseconds(250), burst: 1), 1), (.perSecond(3), 3),
    (RateLimit(10, per: .nanoseconds(1)), 10), (RateLimit.perMinute(200).paced, 1), (.perSecond(0), 0),
    (RateLimit.perSecond(0).paced, 0), (.unlimited, .max), (RateLimit.unlimited.paced, .max),
  ])
  func theBurstIsAPeriodsWorth(limit: RateLimit, burst: Int) {
    #expect(limit.burst == burst)
  }

  @Test(arguments: [RateLimit.perMinute(200, burst: 20), .perSecond(0, burst: 3), .unlimited])
  func isReadAsItWasWritten(limit: RateLimit) throws {
    #expect(try JSONDecoder().decode(RateLimit.self, from: JSONEncoder().encode(limit)) == limit)
  }

  @Test func isReadWithoutABurst() throws {
    let document = Data(#"{"permits": 7, "period": "2s"}"#.utf8)
    #expect(try JSONDecoder().decode(RateLimit.self, from: document) == RateLimit(7, per: .seconds(2)))
  }

  @Test(arguments: [
    (#"{"permits": -1, "period": "1s"}"#, "permits must be in 0 ... 1000000000, was -1"),
    (#"{"permits": 1000000001, "period": "1s"}"#, "permits must be in 0 ... 1000000000, was 1000000001"),
    (#"{"permits": 1, "period": "0s"}"#, #"period must be 1ns or more, was "0s""#),
    (#"{"permits": 1, "period": "1ns", "burst": 0}"#, "burst must be 1 or more, was 0"),
    (
      #"{"permits": 1, "period": "1s", "burst": 2000000000}"#,
      "burst must be 1152921504 or less, which is saved up in 36 years, was 2000000000"
    ),
    (
      #"{"permits": 1, "period": "350000h"}"#,
      #"period must be at most 36 years for each permit, was "350000h""#
    ),
    (#"{"period": "1s"}"#, "permits must be a whole number, was missing"),
    (#"{"unlimited": true, "burst": 7}"#, "burst must be left out of a limit that is unlimited, was 7"),
  ])
  func aDocumentThatMakesNoLimitIsNamed(document: String, problem: String) {
    let error = #expect(throws: InvalidSetting.self) {
      try JSONDecoder().decode(RateLimit.self, from: Data(document.utf8))
    }
    #expect(error?.description == problem)
  }

  @Test func describesItself() {
    #expect(RateLimit.perMinute(200, burst: 20).description == "200 per 1 min, burst 20")
    #expect(RateLimit.unlimited.description == "unlimited")
  }

  /// "100 a minute" lets a hundred through, and what its header fields say is what can be taken.
  @Test func aMinutesPermitsAreThereAtOnce() {
    let bucket = TokenBucket("gateway", limit: .perMinute(100))
    let now = Instant(nanoseconds: 1)
    for left in (0..<100).reversed() {
      #expect(bucket.tryAcquire(at: now) == .acquired)
      let fields = RateLimitFields(
        name: "gateway", limit: bucket.limit, available: bucket.snapshot(at: now).available)
      #expect((fields.limit, fields.remaining) == ("100", "\(left)"))
    }
    #expect(bucket.tryAcquire(at: now) != .acquired)
    let paced = TokenBucket("gateway", limit: RateLimit.perMinute(100).paced)
    #expect(paced.tryAcquire(at: now) == .acquired)
    #expect(paced.tryAcquire(at: now) != .acquired)
  }
}
