import ResilienceCore
import ResilienceRetry
import ResilienceTestKit
import ResilienceTestSupport
import Testing

@Suite struct RetryPolicyRunTests {
  static let atOnce = RetryPolicy(maxAttempts: 3, backoff: .none)

  private final class NotSendable {
    var attempts: [Int] = []
  }

  private actor Shelf {
    var attempts: [Int] = []

    func take(policy: RetryPolicy) async throws -> NotSendable {
      try await policy.run(budget: nil) { attempt in
        // Synchronous access to the actor's state: this is on the actor.
        self.assertIsolated()
        attempts.append(attempt)
        if attempt < 3 { throw Failure(number: attempt) }
        let result = NotSendable()
        result.attempts = attempts
        return result
      }
    }

    func run(policy: RetryPolicy) async throws -> [Int] { try await take(policy: policy).attempts }
  }

  @Test func runsInsideAnActorWithAResultThatIsNotSendable() async throws {
    #expect(try await Shelf().run(policy: Self.atOnce) == [1, 2, 3])
  }

  @MainActor @Test func staysOnTheMainActor() async throws {
    var attempts: [Int] = []
    try await Self.atOnce.run(budget: nil) { attempt in
      MainActor.assertIsolated()
      attempts.append(attempt)
      if attempt < 2 { throw Failure() }
    }
    #expect(attempts == [1, 2])
  }

  @Test func throwsTheLastErrorUnchanged() async {
    await #expect(throws: Failure(number: 3)) {
      try await Self.atOnce.run(budget: nil) { attempt in throw Failure(number: attempt) }
    }
  }

  @Test func usesTheBudget() async {
    let budget = RetryBudget(ratio: 0, reserve: 1, refillInterval: nil)
    await #expect(throws: Failure(number: 2)) {
      try await Self.atOnce.run(budget: budget) { attempt in throw Failure(number: attempt) }
    }
  }

  @Test func depositsOncePerCall() async throws {
    let budget = RetryBudget(ratio: 1, reserve: 10, refillInterval: nil)
    while budget.withdraw() {}
    for _ in 1...3 { try await Self.atOnce.run(budget: budget) { _ in } }
    #expect(budget.available == 3)
  }

  @Test func respectsTheAmbientDeadline() throws {
    let end = try Simulation(seed: 1).run { sim in
      let policy = RetryPolicy(maxAttempts: 100, backoff: .constant(.seconds(1), jitter: .none))
      await #expect(throws: Failure.self) {
        try await ServiceCall { (_: Int) in try await policy.run(budget: nil) { _ in throw Failure() } }
          .handle(1, context: .current(deadline: .milliseconds(5_500)))
      }
      return sim.now
    }
    #expect(end == .milliseconds(5_000))
  }

  @Test(arguments: [0, 5, 10, 15, 20])
  func row28_cancellationAtAnyPointEndsTheCall(milliseconds: Int64) throws {
    let policy = RetryPolicy(maxAttempts: 2, backoff: .constant(.milliseconds(10), jitter: .none))
    let exploration = try Simulation.exploreEveryInterleaving { sim in
      let budget = RetryBudget(ratio: 0, reserve: 10, refillInterval: nil)
      let begun = Log<Int>()
      try await cancelling(after: .milliseconds(milliseconds), sim) {
        try? await policy.run(budget: budget) { attempt in
          begun.append(attempt)
          try await sim.sleep(for: .milliseconds(10))
          throw Failure()
        }
      }
      try sim.require(sim.now <= .milliseconds(milliseconds), "ended at \(sim.now)")
      try sim.require(10 - budget.available == max(0, begun.entries.count - 1), "a token is lost")
    }
    #expect(exploration.isComplete)
  }

  @Test func anObserversSpanIsAmbientInTheBody() async throws {
    final class Spans: CallObserver {
      func attemptBegan(_ attempt: inout CallContext) {
        var trace = attempt.trace
        trace.span = 40 + UInt64(attempt.attempt)
        attempt.enterSpan(trace)
      }
    }
    let spans = Log<UInt64>()
    _ = await CallContext.withObserver(Spans()) {
      try? await Self.atOnce.run(budget: nil) { _ in
        spans.append(CallContext.current.trace.span)
        throw Failure()
      }
    }
    #expect(spans.entries == [41, 42, 43])
  }
}
