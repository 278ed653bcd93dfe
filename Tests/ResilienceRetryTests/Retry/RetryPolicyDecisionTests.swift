import ResilienceCore
import ResilienceRetry
import ResilienceTestSupport
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
    var isReplayable = true
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
      testDescription: "cancellation that the caller did not cause", error: CancellationError(),
      expected: .retry(delayNanoseconds: 100_000_000)),
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
      testDescription: "a refusal that counts as a success", outcome: .success,
      error: Refusal(retryAt: .milliseconds(5_700)), expected: .giveUp(.notAFailure)),
    Case(
      testDescription: "a refusal until later that pushes back longer",
      outcome: Outcome(.neutral, pushback: .retryAfter(.seconds(2))),
      error: Refusal(retryAt: .milliseconds(5_700)), expected: .retry(delayNanoseconds: 2_000_000_000)),
    Case(
      testDescription: "a refusal until later that pushes back shorter",
      outcome: Outcome(.neutral, pushback: .retryAfter(.milliseconds(300))),
      error: Refusal(retryAt: .milliseconds(5_700)), expected: .retry(delayNanoseconds: 700_000_000)),
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
      idempotency: .nonIdempotent, expected: .retry(delayNanoseconds: 0)),
    Case(
      testDescription: "not processed twice", outcome: .failure(.notProcessed), attempt: 2,
      expected: .retry(delayNanoseconds: 100_000_000)),
    Case(
      testDescription: "not processed for want of capacity",
      outcome: .failure(Pushback(overloaded: true, notProcessed: true)),
      expected: .retry(delayNanoseconds: 100_000_000)),
    Case(
      testDescription: "not processed, and a time to come back",
      outcome: .failure(Pushback(retryAfter: .seconds(2), notProcessed: true)),
      expected: .retry(delayNanoseconds: 2_000_000_000)),
    Case(
      testDescription: "not processed, at the last attempt", outcome: .failure(.notProcessed), attempt: 3,
      expected: .giveUp(.attemptsExhausted)),
    Case(
      testDescription: "not processed, with the deadline passed", outcome: .failure(.notProcessed),
      deadline: Deadline(at: .milliseconds(5_000)), expected: .giveUp(.deadline)),
    Case(testDescription: "not replayable", isReplayable: false, expected: .giveUp(.notReplayable)),
    Case(
      testDescription: "not replayable, though not processed", outcome: .failure(.notProcessed),
      isReplayable: false, expected: .giveUp(.notReplayable)),
    Case(
      testDescription: "a refusal called a failure that was not processed", outcome: .failure(.notProcessed),
      error: Refusal(retryAt: .milliseconds(5_700)), expected: .retry(delayNanoseconds: 700_000_000)),
    Case(
      testDescription: "a refusal without a time, called a failure that was not processed",
      outcome: .failure(.notProcessed), error: Refusal(), expected: .retry(delayNanoseconds: 0)),
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
      deadline: example.deadline, seed: 1,
      traits: CallTraits(idempotency: example.idempotency, isReplayable: example.isReplayable))
    #expect(decision == example.expected)
  }

  static let spreads: [(Backoff, Int64)] = [
    (.constant(.milliseconds(100)), 100), (.constant(.milliseconds(100), jitter: .equal), 50),
    (.constant(.milliseconds(100), jitter: .proportional(0.2)), 20),
    (.decorrelated(base: .milliseconds(70)), 97), (.linear(base: .milliseconds(100)), 100),
    (.custom([.milliseconds(100)]), 100),
  ]

  /// At least what was asked for, and above it the spread that the jitter has without it, which is more than
  /// an eighth of so short a wait.
  @Test(arguments: spreads)
  func jitterComesOnTopOfRetryAfter(backoff: Backoff, spread: Int64) {
    let policy = RetryPolicy(backoff: backoff)
    let delays = (0..<1000 as Range<UInt64>).compactMap { seed -> Int64? in
      let decision = policy.decision(
        after: .failure(.retryAfter(.milliseconds(100))), attempt: 1, now: Self.now, seed: seed)
      if case .retry(let delay) = decision { return delay }
      return nil
    }
    #expect(Set(delays).count == 1000)
    let bounds = 100_000_000...(100_000_000 + spread * 1_000_000)
    #expect(delays.allSatisfy { bounds.contains($0) })
    #expect(delays.contains { $0 > bounds.lowerBound + spread * 750_000 })
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
    #expect(message.contains("maxAttempts must be in 1 ... 10000, or Int.max, was 0"))
  }
}
