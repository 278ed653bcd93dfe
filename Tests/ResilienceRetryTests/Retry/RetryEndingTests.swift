import ResilienceCore
import ResilienceRetry
import ResilienceTestKit
import ResilienceTestSupport
import Testing

/// What a call ends with when its first attempts failed: any type of value, wherever it was cancelled.
@Suite struct RetryEndingTests {
  static let atOnce = RetryPolicy(maxAttempts: 3, backoff: .none)
  static let afterASecond = RetryPolicy(maxAttempts: 3, backoff: .constant(.seconds(1), jitter: .none))

  // MARK: - Values that look like none

  @Test(arguments: [2, 3])
  func nilIsAnAnswerOfALaterAttempt(last: Int) async throws {
    let calls = Log<Int>()
    let call = ServiceCall { (_: Int) -> Int? in
      calls.append(1)
      if calls.entries.count < last { throw Failure() }
      return nil
    }
    #expect(try await call.retry(Self.atOnce)(1) == nil)
    #expect(calls.entries.count == last)
  }

  @Test func aNilWithinIsNotTheNilAround() async throws {
    let calls = Log<Int>()
    let call = ServiceCall { (_: Int) -> Int?? in
      calls.append(1)
      if calls.entries.count < 2 { throw Failure() }
      return .some(nil)
    }
    let answer = try await call.retry(Self.atOnce)(1)
    #expect(answer != nil)
    #expect(answer! == nil)
  }

  /// The first value is not nil, so that it is seen when it comes in place of the last.
  @Test func aNilThatIsAFailureIsReturnedWhenItIsTheLast() async throws {
    let calls = Log<Int>()
    let call = ServiceCall { (_: Int) -> Int? in
      calls.append(1)
      return calls.entries.count == 1 ? 503 : nil
    }.classify { _ in .failure }
    #expect(try await call.retry(Self.atOnce)(1) == nil)
    #expect(calls.entries.count == 3)
  }

  @Test func aNilThatFailedIsReturnedWhenTheWaitAfterItIsCancelled() throws {
    try Simulation(seed: 1).run { sim in
      let call = ServiceCall { (_: Int) -> Int? in nil }.classify { _ in .failure }.retry(Self.afterASecond)
      try await cancelling(after: .milliseconds(500), sim) {
        let answer = try await call(1)
        #expect(answer == nil)
      }
    }
  }

  @Test func callsThatReturnNothingAreRepeated() async throws {
    let calls = Log<Int>()
    let call = ServiceCall { (_: Int) in
      calls.append(1)
      if calls.entries.count < 3 { throw Failure() }
    }
    try await call.retry(Self.atOnce)(1)
    #expect(calls.entries.count == 3)
  }

  // MARK: - Cancelled while it waits

  /// In the wait before the second attempt and before the third; of calls that something inside looks at, and
  /// of others.
  @Test(arguments: [(500, 1), (1_500, 2)], [false, true])
  func aWaitThatIsCancelledEndsWithTheLastErrorAndHandsTheTokenBack(
    point: (milliseconds: Int64, attempts: Int), isLookedAt: Bool
  ) throws {
    let (budget, calls, events) = (
      RetryBudget(ratio: 0, reserve: 10, refillInterval: nil), Log<Int>(), Log<RetryEvent>()
    )
    let end = try Simulation(seed: 1).run { sim in
      let plain = ServiceCall { (_: Int) in
        calls.append(1)
        throw Failure(number: calls.entries.count)
      }
      let call =
        isLookedAt ? AnyHandler(plain.classify { _ in nil }) : AnyHandler(plain)
      #expect(call.mayJudgeValues == isLookedAt)
      let retried = call.retry(Self.afterASecond, budget: budget, onEvent: { events.append($0) })
      try await cancelling(after: .milliseconds(point.milliseconds), sim) {
        await #expect(throws: Failure(number: point.attempts)) { try await retried(1) }
      }
      return sim.now
    }
    #expect(end == .milliseconds(point.milliseconds))
    #expect(calls.entries.count == point.attempts)
    #expect(budget.available == 10 - (point.attempts - 1))
    #expect(events.entries.last == .gaveUp(call: "", attempts: point.attempts, reason: .cancelled))
  }

  @Test(arguments: [(500, 1), (1_500, 2)], [false, true])
  func aWaitThatIsCancelledEndsWithTheLastFailingValue(
    point: (milliseconds: Int64, attempts: Int), isInline: Bool
  ) throws {
    let (budget, calls) = (RetryBudget(ratio: 0, reserve: 10, refillInterval: nil), Log<Int>())
    try Simulation(seed: 1).run { sim in
      let call = ServiceCall { (_: Int) in
        calls.append(1)
        return Status(code: 500 + calls.entries.count)
      }
      let retried = call.retry(Self.afterASecond, budget: budget)
      try await cancelling(after: .milliseconds(point.milliseconds), sim) {
        let status =
          if isInline {
            try await Self.afterASecond.run(budget: budget) { _ in try await call(1) }
          } else {
            try await retried(1)
          }
        #expect(status.code == 500 + point.attempts)
      }
      #expect(sim.now == .milliseconds(point.milliseconds))
    }
    #expect(calls.entries.count == point.attempts)
    #expect(budget.available == 10 - (point.attempts - 1))
  }

  // MARK: - Without a budget

  @Test func withoutABudgetNothingIsRefusedAndNoAccountIsKept() async throws {
    let attempts = Log<Int>()
    let failing = ServiceCall { (_: Int) in
      attempts.append(1)
      throw Failure()
    }.retry(Self.atOnce, budget: nil)
    for _ in 1...100 { try? await failing(1) }
    for _ in 1...100 {
      try? await Self.atOnce.run(budget: nil) { _ in
        attempts.append(1)
        throw Failure()
      }
    }
    #expect(attempts.entries.count == 600)
    let shared = RetryBudget.unbounded.snapshot()
    #expect(shared.granted == 0)
    #expect(shared.refused == 0)
    #expect(!RetryBudget.unbounded.isBelowMaximum)
  }
}

private struct Status: Sendable, PushbackProviding {
  var code: Int
  var verdict: Verdict { code < 500 ? .success : .failure }
  var pushback: Pushback { .none }
}
