import ResilienceCore
import ResilienceRetry
import Testing

@Suite struct RetryPolicyDecisionTests {
  static let policy = RetryPolicy(
    maxAttempts: 3, backoff: .constant(.milliseconds(100), jitter: .none), maxRetryAfter: .seconds(10))

  struct Case: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var outcome: Outcome = .failure
    var error: (any Error)? = Failure()
    var attempt = 1
    var deadline = Deadline.never
    var idempotency = CallTraits.Idempotency.notStated
    var expected: RetryDecision
  }

  static let now = Instant.milliseconds(5_000)

  @Test(arguments: [
    Case(testDescription: "a failure", expected: .retry(delayNanoseconds: 100_000_000)),
    Case(testDescription: "a failing value", error: nil, expected: .retry(delayNanoseconds: 100_000_000)),
    Case(testDescription: "the last but one", attempt: 2, expected: .retry(delayNanoseconds: 100_000_000)),
    Case(testDescription: "the last", attempt: 3, expected: .giveUp(.attemptsExhausted)),
    Case(testDescription: "past the last", attempt: 4, expected: .giveUp(.attemptsExhausted)),
    Case(testDescription: "a success", outcome: .success, error: nil, expected: .giveUp(.notAFailure)),
    Case(testDescription: "an error that is a success", outcome: .success, expected: .giveUp(.notAFailure)),
    Case(testDescription: "a neutral error", outcome: .neutral, expected: .giveUp(.notAFailure)),
    Case(testDescription: "a neutral value", outcome: .neutral, error: nil, expected: .giveUp(.notAFailure)),
    Case(
      testDescription: "cancellation", outcome: .neutral, error: CancellationError(),
      expected: .giveUp(.cancelled)),
    Case(
      testDescription: "cancellation called a failure", error: CancellationError(),
      expected: .giveUp(.cancelled)),
    Case(
      testDescription: "a refusal without a time", outcome: Outcome(ofError: Refusal()), error: Refusal(),
      expected: .giveUp(.rejected)),
    Case(
      testDescription: "a refusal until later", outcome: Outcome(ofError: Refusal()),
      error: Refusal(retryAt: .milliseconds(5_700)), expected: .retry(delayNanoseconds: 700_000_000)),
    Case(
      testDescription: "a refusal until before", outcome: Outcome(ofError: Refusal()),
      error: Refusal(retryAt: .milliseconds(4_000)), expected: .retry(delayNanoseconds: 100_000_000)),
    Case(
      testDescription: "a refusal for too long", outcome: Outcome(ofError: Refusal()),
      error: Refusal(retryAt: .milliseconds(15_001)), expected: .giveUp(.retryAfterTooLong)),
    Case(
      testDescription: "a refusal called a failure", error: Refusal(),
      expected: .retry(delayNanoseconds: 100_000_000)),
    Case(
      testDescription: "do not retry", outcome: .failure(.doNotRetry), expected: .giveUp(.doNotRetry)),
    Case(
      testDescription: "retry after", outcome: .failure(.retryAfter(.seconds(2))),
      expected: .retry(delayNanoseconds: 2_000_000_000)),
    Case(
      testDescription: "retry after less than the backoff", outcome: .failure(.retryAfter(.milliseconds(1))),
      expected: .retry(delayNanoseconds: 100_000_000)),
    Case(
      testDescription: "retry after a negative time", outcome: .failure(.retryAfter(.seconds(-9))),
      expected: .retry(delayNanoseconds: 100_000_000)),
    Case(
      testDescription: "retry after as long as allowed", outcome: .failure(.retryAfter(.seconds(10))),
      expected: .retry(delayNanoseconds: 10_000_000_000)),
    Case(
      testDescription: "retry after too long", outcome: .failure(.retryAfter(.seconds(11))),
      expected: .giveUp(.retryAfterTooLong)),
    Case(
      testDescription: "not idempotent", idempotency: .nonIdempotent, expected: .giveUp(.notIdempotent)),
    Case(
      testDescription: "idempotent", idempotency: .idempotent, expected: .retry(delayNanoseconds: 100_000_000)
    ),
    Case(
      testDescription: "not idempotent, but not processed", outcome: .failure(.notProcessed),
      idempotency: .nonIdempotent, expected: .retry(delayNanoseconds: 100_000_000)),
    Case(
      testDescription: "not idempotent, but refused", outcome: Outcome(ofError: Refusal()),
      error: Refusal(retryAt: .milliseconds(5_000)), idempotency: .nonIdempotent,
      expected: .giveUp(.notIdempotent)),
    Case(
      testDescription: "the wait ends before the deadline", deadline: Deadline(at: .milliseconds(5_101)),
      expected: .retry(delayNanoseconds: 100_000_000)),
    Case(
      testDescription: "the wait ends at the deadline", deadline: Deadline(at: .milliseconds(5_100)),
      expected: .giveUp(.deadline)),
    Case(
      testDescription: "the deadline has passed", deadline: Deadline(at: .milliseconds(4_000)),
      expected: .giveUp(.deadline)),
    Case(
      testDescription: "retry after the deadline", outcome: .failure(.retryAfter(.seconds(2))),
      deadline: Deadline(at: .milliseconds(6_000)), expected: .giveUp(.deadline)),
  ])
  func decides(_ example: Case) {
    let decision = Self.policy.decision(
      after: example.outcome, error: example.error, attempt: example.attempt, now: Self.now,
      deadline: example.deadline, seed: 1, idempotency: example.idempotency)
    #expect(decision == example.expected)
  }

  @Test func jitterComesOnTopOfRetryAfter() {
    let policy = RetryPolicy(backoff: .constant(.milliseconds(100)))
    let delays = (0..<100 as Range<UInt64>).map { seed in
      policy.decision(after: .failure(.retryAfter(.seconds(2))), attempt: 1, now: Self.now, seed: seed)
    }
    #expect(Set(delays).count == 100)
    for case .retry(let delay) in delays {
      #expect((2_000_000_000...2_100_000_000).contains(delay))
    }
  }

  @Test func noDelayAndNoTimeLeftIsNoRetry() {
    let policy = RetryPolicy(backoff: .none)
    let decision = policy.decision(
      after: .failure, attempt: 1, now: Self.now, deadline: Deadline(at: Self.now), seed: 1)
    #expect(decision == .giveUp(.deadline))
  }

  @Test func theDefaultIsThreeAttempts() {
    #expect(
      RetryPolicy() == RetryPolicy(maxAttempts: 3, backoff: .exponential(), maxRetryAfter: .seconds(20)))
  }

  @Test func impossibleAttemptsAreRefusedWithTheValue() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = RetryPolicy(maxAttempts: 0)
    }
    let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(message.contains("maxAttempts must be in 1 ... 10 000, was 0"))
  }
}
