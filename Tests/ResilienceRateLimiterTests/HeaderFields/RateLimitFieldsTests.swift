import ResilienceCore
import ResilienceRateLimiter
import ResilienceTestKit
import ResilienceTestSupport
import Testing

@Suite struct RateLimitFieldsTests {
  @Test func areTheDraftsAndTheOlderOnes() {
    let fields = RateLimitFields(
      name: "gateway", quota: 100, window: .seconds(60), available: 42, untilFull: .milliseconds(34_001))
    #expect(fields.policy == "\"gateway\";q=100;w=60")
    #expect(fields.rateLimit == "\"gateway\";r=42;t=35")
    #expect((fields.limit, fields.remaining, fields.reset) == ("100", "42", "35"))
    #expect(fields.resetTime(at: UnixTime(nanoseconds: 1_445_412_420_000_000_000)) == "1445412455")
  }

  @Test func aNameIsAStringOfRFC9651AndASubSecondWindowIsLeftOut() {
    let fields = RateLimitFields(
      name: "a\"b\\ü\n", quota: 5, window: .milliseconds(250), available: -3, untilFull: .seconds(-1))
    #expect(fields.policy == #""a\"b\\??";q=5"#)
    #expect(fields.rateLimit == #""a\"b\\??";r=0;t=0"#)
  }

  @Test func aNumberHasAtMostFifteenDigits() {
    let fields = RateLimitFields(name: "open", limit: .unlimited, available: .max)
    #expect(fields.policy == "\"open\";q=999999999999999")
    #expect(fields.rateLimit == "\"open\";r=999999999999999;t=0")
  }

  /// Twice as long as its name, with two numbers as long as they can be.
  @Test func theLongestTextIsWrittenWhole() {
    let quotes = String(repeating: "\"", count: 20)
    let fields = RateLimitFields(
      name: quotes + "~ \u{7F}", quota: .max, window: .nanoseconds(Int64.max / 1_000_000_000 * 1_000_000_000),
      available: .max, untilFull: .seconds(Int64.max))
    let name = "\"" + String(repeating: #"\""#, count: 20) + "~ ?\""
    #expect(fields.policy == name + ";q=999999999999999;w=9223372036")
    #expect(fields.rateLimit == name + ";r=999999999999999;t=9223372037")
  }

  @Test func tellAboutAKeyWithoutTakingOfIt() {
    let limiter = KeyedRateLimiter<String>("gateway", limit: .perMinute(60, burst: 10))
    #expect(limiter.tryAcquire(7, key: "ann", at: .s(0)) == .acquired)
    for _ in 0..<3 {
      #expect(limiter.fields(of: "ann", at: .s(1)).rateLimit == "\"gateway\";r=4;t=6")
      #expect(limiter.fields(of: "bob", at: .s(1)).rateLimit == "\"gateway\";r=10;t=0")
    }
    #expect(limiter.fields(of: "ann", at: .s(1)).policy == "\"gateway\";q=60;w=60")
    #expect(limiter.snapshot(at: .s(1)).keys == 1)
  }

  @Test func areThoseOfThePresentWhenNoInstantIsGiven() throws {
    try Simulation(seed: 1).run { simulation in
      let limiter = KeyedRateLimiter<String>("gateway", limit: .perMinute(60, burst: 10))
      #expect(limiter.tryAcquire(7, key: "ann") == .acquired)
      try await simulation.sleep(for: .seconds(1))
      #expect(limiter.available(key: "ann") == 4)
      #expect(limiter.fields(of: "ann").rateLimit == "\"gateway\";r=4;t=6")
    }
  }

  @Test func tellAboutEveryQuota() {
    let limiter = QuotaLimiter("partner", quotas: [.perSecond(10), .perMinute(200)])
    #expect(limiter.tryAcquire(4, at: .s(0)) == .acquired)
    let fields = RateLimitFields.fields(limiter.snapshot(at: .s(0)), at: .s(0))
    #expect(
      fields.map(\.policy).joined(separator: ", ") == "\"partner-1s\";q=10;w=1, \"partner-60s\";q=200;w=60")
    #expect(
      fields.map(\.rateLimit).joined(separator: ", ") == "\"partner-1s\";r=6;t=2, \"partner-60s\";r=196;t=61")
  }
}
