import ResilienceCore
import ResilienceRetry
import ResilienceTestKit
import ResilienceTestSupport
import Testing

private let after50 = HedgePolicy(delay: .fixed(.milliseconds(50)))

/// What a hedge deposits into its budget and takes from it.
@Suite struct HedgeBudgetTests {
  /// Attempts take so long each, in milliseconds, and fail where it says so.
  private func call(taking durations: [Int64], failing: Set<Int> = []) -> ServiceCall<Int, Int> {
    ServiceCall { (_: Int, context: CallContext) in
      let attempt = Int(context.attempt)
      try await context.clock.sleep(for: .milliseconds(durations[attempt - 1]))
      if failing.contains(attempt) { throw Failure(number: attempt) }
      return attempt
    }
  }

  /// Each call deposits in the step in which its hedge is decided.
  @Test(arguments: [[100, 10], [10, 10]] as [[Int64]], 1...5 as ClosedRange<UInt64>)
  func row22_ofCallsThatAreHedgedTogetherTheReserveAndAShareAre(durations: [Int64], seed: UInt64) throws {
    let budget = RetryBudget(ratio: 0.1)
    try Simulation(seed: seed).run { _ in
      let hedged = call(taking: durations, failing: [1]).hedge(after50, budget: budget)
      await withTaskGroup { group in
        for _ in 1...495 { group.addTask { _ = try? await hedged(1) } }
      }
      #expect(hedged.snapshot().started == 3 + 50)
    }
    #expect(budget.snapshot().granted == 3 + 50)
  }

  @Test func aRetryAppliedNextSharesTheBudget() throws {
    try Simulation(seed: 1).run { _ in
      let hedged = call(taking: [100, 10]).hedge(after50).retry()
      // With a budget each the hedge's own would be empty after its reserve of 3.
      for _ in 1...200 { _ = try await hedged(1) }
      #expect(hedged.base.snapshot().started == 3 + 20)
    }
  }

  @Test func aRetryAroundAHedgeWithoutABudgetHasOneOfItsOwn() throws {
    try Simulation(seed: 1).run { _ in
      let counted = Log<Int>()
      let hedged = ServiceCall { (_: Int) -> Int in
        counted.append(1)
        throw Failure(number: 1)
      }
      .hedge(after50, budget: nil).retry(RetryPolicy(backoff: .none))
      for _ in 1...100 { _ = try? await hedged(1) }
      #expect(counted.entries.count == 2 * (100 + 3 + 10))
    }
  }

  /// How often could be tried again after one hedged call: nine times before it.
  @Test(
    arguments: [
      // The first fails and takes one, with which the second begins; its success brings one back.
      ([10, 10], [1], 9), ([10, 10], [1, 2], 7),
      // The second begins for the first's slowness, which takes one.
      ([100, 10], [], 9), ([100, 100], [1, 2], 6), ([80, 100], [1], 8),
      // Quick: nothing begins, nothing is taken.
      ([10, 0], [], 9),
    ] as [([Int64], Set<Int>, Int)])
  func aThrottleLosesATokenForEachFailureAndGetsThemBack(
    durations: [Int64], failing: Set<Int>, left: Int
  ) async throws {
    let throttle = RetryBudget.throttle(maxTokens: 20, tokenRatio: 1)
    try Simulation(seed: 1).run { _ in
      let hedged = call(taking: durations, failing: failing).hedge(after50, budget: throttle)
      _ = try? await hedged(1)
    }
    #expect(throttle.available == left)
  }

  @Test func aThrottleIsEmptiedByCallsThatFailAndMayNotBeRepeated() async throws {
    let throttle = RetryBudget.throttle(maxTokens: 10, tokenRatio: 1)
    let failing = ServiceCall { (_: Int) in throw Pushed(pushback: .doNotRetry) }
    for _ in 1...3 { try? await failing.hedge(after50, budget: throttle)(1) }
    #expect(throttle.available == 1)
    for _ in 1...2 { try await ServiceCall { (_: Int) in }.hedge(after50, budget: throttle)(1) }
    #expect(throttle.available == 3)
  }

  /// Two attempts fail before a third begins, which takes a token for one of them; and one fails that no
  /// other follows.
  @Test func aThrottleCountsEveryFailureHoweverManyComeBeforeTheNextAttempt() throws {
    let exploration = try Simulation.exploreEveryInterleaving { sim in
      let throttle = RetryBudget.throttle(maxTokens: 20, tokenRatio: 1)
      let policy = HedgePolicy(maxAttempts: 3, delay: .fixed(.milliseconds(50)))
      let hedged = call(taking: [90, 40, 5], failing: [1, 2, 3]).hedge(policy, budget: throttle)
      await #expect(throws: Failure.self) { try await hedged(1) }
      // Nine at first: three failures, and the second attempt, which began for the first's slowness.
      try sim.require(throttle.available == 9 - 4, "\(throttle.snapshot())")
    }
    #expect(exploration.isComplete)
  }

  /// The caller is cancelled by its second attempt, which fails, so that the third does not begin.
  @Test func aThrottleCountsTheFailureThatNoAttemptFollows() throws {
    let throttle = RetryBudget.throttle(maxTokens: 20, tokenRatio: 1)
    try Simulation(seed: 1).run { sim in
      let caller = Lock<Task<Void, any Error>?>(nil)
      let hedged = ServiceCall { (_: Int, context: CallContext) in
        if context.attempt == 2 { caller.withLock { $0 }?.cancel() }
        throw Failure(number: Int(context.attempt))
      }.hedge(HedgePolicy(maxAttempts: 3, delay: .fixed(.seconds(60))), budget: throttle)
      let task = Task.immediate(executorPreference: CallContext.current.executor) {
        try await sim.sleep(for: .milliseconds(1))
        await #expect(throws: Failure(number: 1)) { try await hedged(1) }
      }
      caller.withLock { $0 = task }
      try await task.value
    }
    #expect(throttle.available == 9 - 2)
  }

  @Test func aLosersFailureSaysNothingOfTheDestination() throws {
    let throttle = RetryBudget.throttle(maxTokens: 20, tokenRatio: 1)
    try Simulation(seed: 1).run { _ in
      let call = ServiceCall { (_: Int, context: CallContext) in
        guard context.attempt == 1 else { return }
        // Answers to its cancellation with an error of its own.
        do { try await context.clock.sleep(for: .seconds(1)) } catch { throw Failure() }
      }
      try await call.hedge(after50, budget: throttle)(1)
    }
    #expect(throttle.available == 9, "the hedge's token, and its success")
  }

  /// The first attempt cancels its caller and fails, so that the caller finds a hedge to begin and itself
  /// cancelled.
  @Test func noHedgeBeginsForACallerThatIsCancelledByItsAttempt() throws {
    let budget = RetryBudget(ratio: 1, reserve: 5, refillInterval: nil)
    while budget.withdraw() {}
    let attempts = Log<Int>()
    try Simulation(seed: 1).run { sim in
      let caller = Lock<Task<Void, any Error>?>(nil)
      let hedged = ServiceCall { (_: Int, context: CallContext) in
        attempts.append(Int(context.attempt))
        caller.withLock { $0 }?.cancel()
        throw Failure(number: 1)
      }.hedge(after50, budget: budget)
      let task = Task.immediate(executorPreference: CallContext.current.executor) {
        try await sim.sleep(for: .milliseconds(1))
        await #expect(throws: Failure(number: 1)) { try await hedged(1) }
      }
      caller.withLock { $0 = task }
      try await task.value
    }
    #expect(attempts.entries == [1])
    #expect(budget.available == 1, "the call deposits all the same")
  }
}
