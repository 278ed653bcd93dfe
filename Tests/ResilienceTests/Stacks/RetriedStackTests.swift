import Resilience
import ResilienceTestKit
import Testing

private struct Down: Error {}

/// Retries around what looks at the attempt, or says only later what it is.
@Suite struct RetriedStackTests {
  private static let policy = RetryPolicy(maxAttempts: 2, backoff: .none)

  /// The balancer knows what its instances say as soon as there is one: when the first attempt has failed.
  @Test func aBalancedCallWhoseInstancesAreNotIdempotentIsMadeOnce() async throws {
    let registry = ServiceRegistry()
    registry.register(ServiceInstance(id: "a", service: "payment"), ttl: .seconds(3600))
    let charged = Log<Int>()
    let charge = registry.service("payment").balanced { _ in
      ServiceCall { (amount: Int) in
        charged.append(amount)
        throw Down()
      }.nonIdempotent()
    }.retry(Self.policy, budget: nil)
    await #expect(throws: Down.self) { try await charge(7) }
    #expect(charged.entries == [7])
  }

  @Test func row26_aBalancedCallWhoseInstancesUseItsInputUpIsMadeOnce() async throws {
    let registry = ServiceRegistry()
    registry.register(ServiceInstance(id: "a", service: "upload"), ttl: .seconds(3600))
    let sent = Log<Int>()
    let upload = registry.service("upload").balanced { _ in
      ServiceCall { (part: Int) in
        sent.append(part)
        throw Down()
      }.notReplayable()
    }.retry(Self.policy, budget: nil)
    await #expect(throws: Down.self) { try await upload(7) }
    #expect(sent.entries == [7])
  }

  @Test func aFaultsBehaviourSeesWhichAttemptItHits() async throws {
    let (seen, ids) = (Log<String>(), Log<UInt64>())
    let injector = FaultInjector<Void>(
      "chaos",
      [
        .behaviour { context in
          seen.append("\(context.attemptHeader)\(context.isLastAttempt ? " last" : "")")
          ids.append(context.callID)
          throw Down()
        }
      ])
    injector.switchOn()
    try? await ServiceCall { (_: Int) in }.faults(injector).retry(Self.policy)(1)
    #expect(seen.entries == ["attempt=1; max=2", "attempt=2; max=2 last"])
    #expect(Set(ids.entries).count == 1)
    #expect(ids.entries.first ?? 0 > 1)
  }

  @Test func row99_aSpanInsideTwoRetriesNotesWhichOfAllAttemptsItIs() async throws {
    let tracer = CallTracer("test")
    let call = ServiceCall("stock") { (_: Int) in throw Down() }.trace(tracer)
      .retry(Self.policy, budget: nil).retry(Self.policy, budget: nil)
    try? await call(1)
    #expect(tracer.store.allSpans.map(\.attempt) == [1, 2, 3, 4])
  }

  /// Without an `onEvent` anywhere: the span says it, the retry's snapshot counts it.
  @Test func aGiveUpForWantOfBudgetIsAnAttributeOfTheSpan() async throws {
    let tracer = CallTracer("test")
    let budget = RetryBudget(ratio: 0, reserve: 1, refillInterval: nil)
    let retried = ServiceCall("stock") { (_: Int) in throw Down() }
      .retry(RetryPolicy(maxAttempts: 3, backoff: .none), budget: budget)
    try? await retried.trace(tracer)(1)
    let span = try #require(tracer.store.allSpans.first { $0.role == .call })
    #expect(span.attributes.contains(EventAttribute("retry.gave_up_reason", .string("budget_exhausted"))))
    #expect(retried.snapshot().gaveUp == [.budgetExhausted: 1])
  }
}
