import ResilienceCore
import ResilienceRateLimiter
import Testing

@Suite struct RateLimitDecisionTests {
  private static let now = Instant(nanoseconds: 5_000_000_000)

  @Test(
    arguments: [
      (RateLimitDecision.acquired, nil), (.impossible, nil), (.refused(retryAt: nil), nil),
      (.refused(retryAt: Instant(nanoseconds: 7_500_000_000)), .milliseconds(2500)),
      (.refused(retryAt: Instant(nanoseconds: 4_000_000_000)), .zero),
    ] as [(RateLimitDecision, Duration?)])
  func saysHowLongToWait(decision: RateLimitDecision, expected: Duration?) {
    #expect(decision.retryAfter(at: Self.now) == expected)
  }

  @Test(
    arguments: [
      (nil, nil), (Instant(nanoseconds: 6_000_000_000), .seconds(1)), (Instant(nanoseconds: 1), .zero),
      (Instant(nanoseconds: .max), .nanoseconds(.max - 5_000_000_000)),
    ] as [(Instant?, Duration?)])
  func aRejectionSaysHowLongToWait(retryAt: Instant?, expected: Duration?) {
    struct Refused: Rejection { var retryAt: Instant? }
    #expect(Refused(retryAt: retryAt).retryAfter(at: Self.now) == expected)
  }
}
