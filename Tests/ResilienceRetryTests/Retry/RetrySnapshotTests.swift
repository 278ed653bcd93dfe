import ResilienceCore
import ResilienceRetry
import ResilienceTestKit
import ResilienceTestSupport
import Testing

/// What a retry shows without anybody being told of its events.
@Suite struct RetrySnapshotTests {
  static let atOnce = RetryPolicy(maxAttempts: 2, backoff: .none)

  private let failing = ServiceCall("stock") { (_: Int) in throw Failure() }

  @Test func aRetryThatDoesNotRetryAnyMoreShowsWhy() async {
    let budget = RetryBudget("stock", ratio: 0, reserve: 1, refillInterval: nil)
    let call = failing.retry(Self.atOnce, budget: budget)
    for _ in 1...3 { try? await call(1) }
    let snapshot = call.snapshot()
    #expect(snapshot.call == "stock")
    #expect(snapshot.retries == 1)
    #expect(snapshot.gaveUp == [.attemptsExhausted: 1, .budgetExhausted: 2])
    #expect(snapshot.budget == budget.snapshot())
    #expect(snapshot.budget.available == 0)
  }

  @Test func successesAndAnswersAreNotCounted() async throws {
    let call = ServiceCall { (number: Int) in if number < 0 { throw Failure() } }
      .classify { result in if case .failure = result { .success } else { nil } }.retry(Self.atOnce)
    try await call(1)
    await #expect(throws: Failure()) { try await call(-1) }
    #expect(call.snapshot().retries == 0)
    #expect(call.snapshot().gaveUp == [:])
  }

  /// Each reason has a place of its own.
  @Test func everyReasonIsCountedByItself() async {
    let refused = ServiceCall { (_: Int) in throw Refusal(retryAt: nil) }.retry(Self.atOnce)
    try? await refused(1)
    #expect(refused.snapshot().gaveUp == [.rejected: 1])
    let final = ServiceCall { (_: Int) in throw Pushed(pushback: .doNotRetry) }.retry(Self.atOnce)
    try? await final(1)
    #expect(final.snapshot().gaveUp == [.doNotRetry: 1])
    let late = ServiceCall { (_: Int) in throw Pushed(pushback: .retryAfter(.seconds(60))) }.retry(
      Self.atOnce)
    try? await late(1)
    #expect(late.snapshot().gaveUp == [.retryAfterTooLong: 1])
    let once = failing.nonIdempotent().retry(Self.atOnce)
    try? await once(1)
    #expect(once.snapshot().gaveUp == [.notIdempotent: 1])
    let unsendable = failing.notReplayable().retry(Self.atOnce)
    try? await unsendable(1)
    #expect(unsendable.snapshot().gaveUp == [.notReplayable: 1])
    let excluded = failing.retry(Self.atOnce, deciding: { _ in .stop })
    try? await excluded(1)
    #expect(excluded.snapshot().gaveUp == [.excluded: 1])
    let neutral = failing.classify { _ in .neutral }.retry(Self.atOnce)
    try? await neutral(1)
    #expect(neutral.snapshot().gaveUp == [.notAFailure: 1])
    let cancelled = ServiceCall { (_: Int) in
      withUnsafeCurrentTask { $0?.cancel() }
      throw Failure()
    }.retry(Self.atOnce)
    await Task { try? await cancelled(1) }.value
    #expect(cancelled.snapshot().gaveUp == [.cancelled: 1])
    let hurried = failing.retry(RetryPolicy(maxAttempts: 2, backoff: .constant(.seconds(60), jitter: .none)))
    var context = CallContext.current
    context.tightenDeadline(to: Deadline(at: context.readClock().advanced(by: .seconds(30))))
    try? await hurried.handle(1, context: context)
    #expect(hurried.snapshot().gaveUp == [.deadline: 1])
  }

  @Test func itsMetricsAreNamedAfterTheCallAndTheReason() async {
    let call = failing.retry(
      Self.atOnce, budget: RetryBudget("stock", ratio: 0, reserve: 1, refillInterval: nil))
    for _ in 1...3 { try? await call(1) }
    let metrics = call.snapshot().metrics
    let label = Metric.Label("call", "stock")
    #expect(
      metrics.first
        == Metric("retry_retries_total", .counter, 1, labels: [label], help: "Attempts after the first."))
    let exhausted = [label, Metric.Label("reason", "budget_exhausted")]
    #expect(
      metrics.contains(
        Metric(
          "retry_gave_up_total", .counter, 2, labels: exhausted,
          help: "Calls that failed for good, by reason.")))
    // Those that did not occur are there too, so that a query finds them.
    #expect(metrics.count { $0.name == "retry_gave_up_total" } == RetryDecision.Reason.allCases.count)
    #expect(metrics.contains { $0.name == "retry_budget_available" && $0.value == 0 })
  }
}
