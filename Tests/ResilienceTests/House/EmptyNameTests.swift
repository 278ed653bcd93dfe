import Resilience
import ResilienceTestKit
import Testing

/// A name that only labels may be empty; one by which something is found traps, where its module's tests say
/// so.
@Suite struct EmptyNameTests {
  static let unnamed: [any MetricSource] = [
    RetryBudget("").snapshot(),
    CircuitBreaker("").snapshot(at: Instant(nanoseconds: 0)),
    Bulkhead("", limit: .fixed(1)).snapshot(),
    TokenBucket("", limit: .perSecond(1)).snapshot(at: Instant(nanoseconds: 0)),
    KeyedRateLimiter<Int>("", limit: .perSecond(1)).snapshot(at: Instant(nanoseconds: 0)),
    QuotaLimiter("", quotas: [.perSecond(1)]).snapshot(at: Instant(nanoseconds: 0)),
    AdaptiveThrottle("").snapshot(at: Instant(nanoseconds: 0)),
    AbandonedWork("").snapshot(),
    TraceStore("").snapshot(),
    FaultInjector<Int>("", []).snapshot(),
    SimulatedService<Int, Int>("", latency: .constant(.zero)) { $0 }.snapshot(),
  ]

  @Test(arguments: unnamed.indices)
  func whatHasNoNameIsMeasuredWithAnEmptyLabel(index: Int) {
    let metrics = Self.unnamed[index].metrics
    #expect(!metrics.isEmpty)
    #expect(metrics.allSatisfy { $0.labels.first?.value == "" })
  }

  @Test func theRejectionOfAnUnnamedBreakerSaysThatItHasNoName() async {
    let breaker = CircuitBreaker("")
    breaker.set(.forcedOpen)
    let error = await #expect(throws: CircuitOpen.self) { try await breaker.run {} }
    #expect(error?.description.hasPrefix("circuit breaker \"\" ") == true)
  }
}
