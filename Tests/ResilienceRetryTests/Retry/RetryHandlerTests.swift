import ResilienceCore
import ResilienceRetry
import ResilienceTestKit
import ResilienceTestSupport
import Testing

@Suite struct RetryHandlerTests {
  static let atOnce = RetryPolicy(maxAttempts: 3, backoff: .none)
  static let afterASecond = RetryPolicy(maxAttempts: 3, backoff: .constant(.seconds(1), jitter: .none))

  /// Fails with its number until attempt `last`, which returns it.
  private func call(succeedingAt last: Int) -> ServiceCall<String, Int> {
    ServiceCall("stock") { (_: String, context: CallContext) in
      if context.attempt < last { throw Failure(number: Int(context.attempt)) }
      return Int(context.attempt)
    }
  }

  // MARK: - Outcomes

  @Test(arguments: 1...3)
  func returnsTheFirstSuccess(attempt: Int) async throws {
    #expect(try await call(succeedingAt: attempt).retry(Self.atOnce)("sku") == attempt)
  }

  @Test func throwsTheLastErrorUnchanged() async throws {
    let retried = call(succeedingAt: 4).retry(Self.atOnce)
    await #expect(throws: Failure(number: 3)) { try await retried("sku") }
  }

  @Test func returnsTheLastFailingValue() async throws {
    let statuses = ServiceCall("http") { (_: String, context: CallContext) in 500 + Int(context.attempt) }
      .classify { result in if case .success(let status) = result, status >= 500 { .failure } else { nil } }
    #expect(try await statuses.retry(Self.atOnce)("/") == 503)
  }

  @Test func valuesThatFailAreRetried() async throws {
    let statuses = ServiceCall("http") { (_: String, context: CallContext) in context.attempt < 3 ? 503 : 200
    }
    .classify { result in if case .success(503) = result { .failure } else { nil } }
    #expect(try await statuses.retry(Self.atOnce)("/") == 200)
  }

  @Test func anErrorThatIsASuccessIsThrownWithoutAnEvent() throws {
    let (_, events) = try simulate { _ in
      let retried = call(succeedingAt: 9).classify { _ in .success }.retry(Self.atOnce)
      await #expect(throws: Failure(number: 1)) { try await retried("sku") }
    }
    #expect(events.isEmpty)
  }

  @Test func forwardsTraitsAndOutcomes() {
    let retried = call(succeedingAt: 1).classify { _ in .failure(.overloaded) }.nonIdempotent().retry()
    #expect(retried.traits == CallTraits(name: "stock", idempotency: .nonIdempotent))
    #expect(retried.outcome(ofValue: 1) == .failure(.overloaded))
    #expect(retried.outcome(ofError: Failure()) == .failure(.overloaded))
  }

  // MARK: - What is not retried

  @Test func aCallThatIsNotIdempotentIsMadeOnce() async throws {
    let retried = call(succeedingAt: 3).nonIdempotent().retry(Self.atOnce)
    await #expect(throws: Failure(number: 1)) { try await retried("sku") }
  }

  @Test func aCallThatIsNotIdempotentIsRepeatedWhenNothingRan() throws {
    let (instants, _) = try simulate { sim in
      let instants = Log<Instant>()
      let charge = ServiceCall("payment") { (_: Int, context: CallContext) in
        instants.append(sim.now)
        if context.attempt < 3 { throw Pushed(pushback: .notProcessed) }
      }
      try await charge.nonIdempotent().retry(Self.afterASecond)(1)
      return instants.entries
    }
    #expect(instants == [.milliseconds(0), .milliseconds(0), .milliseconds(1_000)], "the first time at once")
  }

  @Test func aRefusalFromInsideTheWorkIsNoProofThatNothingRan() throws {
    let (charged, _) = try simulate { _ in
      let charged = Log<Int>()
      let mail = ServiceCall("mail") { (_: Int) in throw Refusal(retryAt: .milliseconds(10)) }
      let checkout = ServiceCall("checkout") { (order: Int) in
        charged.append(order)
        try await mail(order)
      }
      await #expect(throws: Refusal.self) { try await checkout.nonIdempotent().retry(Self.afterASecond)(1) }
      return charged.entries
    }
    #expect(charged == [1])
  }

  @Test func aConditionNarrowsWhatIsRetried() async throws {
    let seen = Log<String>()
    let policy = RetryPolicy(maxAttempts: 5, backoff: .none)
    let retried = call(succeedingAt: 9).retry(
      policy,
      deciding: { failure in
        seen.append("\(failure.input) \(failure.outcome.verdict) \(failure.attempt)")
        return failure.attempt < 2 ? .asPlanned : .stop
      })
    await #expect(throws: Failure(number: 2)) { try await retried("sku") }
    #expect(seen.entries == ["sku failure 1", "sku failure 2"])
  }

  @Test func aConditionIsAskedOnlyWhenThePolicyWouldRetry() async {
    let asked = Log<Int>()
    let failing = call(succeedingAt: 9).retry(
      Self.atOnce,
      deciding: { failure in
        asked.append(failure.attempt)
        return .asPlanned
      })
    await #expect(throws: Failure(number: 3)) { try await failing("sku") }
    #expect(asked.entries == [1, 2], "not after the last attempt")
    let refused = ServiceCall { (_: Int) in throw Refusal() }.retry(
      Self.atOnce,
      deciding: { failure in
        asked.append(failure.attempt)
        return .asPlanned
      })
    await #expect(throws: Refusal.self) { try await refused(1) }
    #expect(asked.entries == [1, 2])
  }

  @Test(arguments: [
    (Pushback.doNotRetry, "do_not_retry"), (.retryAfter(.seconds(3600)), "retry_after_too_long"),
  ])
  func theDestinationsWordHolds(pushback: Pushback, reason: String) throws {
    let (_, events) = try simulate { _ in
      let retried = ServiceCall("stock") { (_: Int) in throw Pushed(pushback: pushback) }.retry()
      await #expect(throws: Pushed.self) { try await retried(1) }
    }
    #expect(events == ["retry.gave_up call=stock attempts=1 reason=\(reason)"])
  }

  // MARK: - The context of an attempt

  @Test func attemptsShareOneIDAndCountUp() async throws {
    let contexts = Log<CallContext>()
    let retried = ServiceCall { (_: Int, context: CallContext) in
      contexts.append(context)
      throw Failure()
    }.retry(Self.atOnce)
    await #expect(throws: Failure.self) { try await retried(1) }
    #expect(contexts.entries.map(\.attempt) == [1, 2, 3])
    #expect(Set(contexts.entries.map(\.callID)).count == 1)
    #expect(contexts.entries[0].callID != 0)
  }

  @Test func row99_attemptsOfNestedRetriesAreToldApart() async throws {
    let attempts = Log<UInt16>()
    let retried = ServiceCall { (_: Int, context: CallContext) in
      attempts.append(context.attempt)
      throw Failure()
    }.retry(RetryPolicy(maxAttempts: 2, backoff: .none)).retry(RetryPolicy(maxAttempts: 2, backoff: .none))
    await #expect(throws: Failure.self) { try await retried(1) }
    #expect(attempts.entries == [1, 2, 3, 4])
  }

  @Test func row54_everyAttemptHasTheOriginalDeadline() throws {
    let (deadlines, _) = try simulate { sim in
      let deadlines = Log<Deadline>()
      let retried = ServiceCall { (_: Int) in
        deadlines.append(CallContext.current.deadline)
        try await sim.sleep(for: .seconds(1))
        throw Failure()
      }
      .tightened(by: .seconds(10))
      .retry(Self.afterASecond)
      await #expect(throws: Failure.self) {
        try await retried.handle(1, context: .current(deadline: .milliseconds(13_000)))
      }
      return deadlines.entries
    }
    #expect(deadlines == [10_000, 12_000, 13_000].map { Deadline(at: .milliseconds($0)) })
  }

  @Test func attemptsAreObservedEachWithItsOutcome() async throws {
    let observer = AttemptObserver()
    let retried = call(succeedingAt: 3).retry(Self.atOnce)
    _ = try await CallContext.withObserver(observer) { try await retried("sku") }
    #expect(
      observer.log.entries == [
        "began 1 in 0", "ended 1 failure of 0", "began 2 in 0", "ended 2 failure of 0", "began 3 in 0",
        "ended 3 success of 0",
      ])
  }
}

/// Gives each attempt a span with the attempt's number.
private final class AttemptObserver: CallObserver {
  let log = Log<String>()

  func attemptBegan(_ attempt: inout CallContext) {
    log.append("began \(attempt.attempt) in \(attempt.trace.span)")
    var trace = attempt.trace
    trace.span = UInt64(attempt.attempt)
    attempt.enterSpan(trace)
  }

  func attemptEnded(
    _ attempt: CallContext, of call: CallContext, _ outcome: Outcome, error: (any Error)?
  ) {
    log.append("ended \(attempt.trace.span) \(outcome.verdict) of \(call.trace.span)")
  }
}

/// Gives each attempt a deadline of its own, as a timeout inside the retry does.
private struct Tightened<Base: Handler>: HandlerDecorator {
  let base: Base
  let limit: Duration

  func handle(_ input: Base.Input, context: CallContext) async throws -> Base.Output {
    var context = context
    context.tightenDeadline(to: Deadline(at: context.now.advanced(by: limit)))
    return try await base.handle(input, context: context)
  }
}

extension Handler {
  fileprivate func tightened(by limit: Duration) -> Tightened<Self> { Tightened(base: self, limit: limit) }
}
