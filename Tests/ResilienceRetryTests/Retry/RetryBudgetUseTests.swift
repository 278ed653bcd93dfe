import ResilienceCore
import ResilienceRetry
import ResilienceTestKit
import ResilienceTestSupport
import Testing

/// What a retry deposits into its budget and takes from it.
@Suite struct RetryBudgetUseTests {
  static let atOnce = RetryPolicy(maxAttempts: 3, backoff: .none)

  private func emptied(ratio: Double = 1, reserve: Int = 100) -> RetryBudget {
    let budget = RetryBudget(ratio: ratio, reserve: reserve, refillInterval: nil)
    while budget.withdraw() {}
    return budget
  }

  private static let succeeding = ServiceCall { (_: Int) in }
  private static let failing = ServiceCall { (_: Int) in throw Failure() }

  // MARK: - Deposits

  @Test func row21_oneCallDepositsOnceHoweverManyLayersShareTheBudget() async throws {
    let budget = emptied()
    let call = Self.succeeding.retry(budget: budget).retry(budget: budget).retry(budget: budget)
    for _ in 1...10 { try await call(1) }
    #expect(budget.available == 10)
  }

  @Test(arguments: [0, 1, 2])
  func row21_aFailedCallDepositsOnceHoweverManyAttemptsItHas(layers: Int) async throws {
    let budget = emptied(ratio: 0.001)
    let retried = Self.failing.retry(Self.atOnce, budget: budget)
    for _ in 1...1000 {
      switch layers {
      case 0: try? await retried(1)
      case 1: try? await retried.retry(Self.atOnce, budget: budget)(1)
      default: try? await retried.retry(Self.atOnce, budget: budget).retry(Self.atOnce, budget: budget)(1)
      }
    }
    // A thousand thousandths.
    #expect(budget.snapshot().granted == 101)
  }

  @Test func row21_layersOfOtherBudgetsDepositOnlyIntoTheOutermost() async throws {
    let (inner, outer) = (emptied(), emptied())
    let call = Self.succeeding.retry(budget: inner).retry(budget: outer)
    for _ in 1...10 { try await call(1) }
    #expect(inner.available == 0)
    #expect(outer.available == 10)
  }

  /// What a call does inside is a logical call of its own, to another destination with another budget.
  @Test func aCallMadeInsideTheWorkDepositsIntoItsOwnBudget() async throws {
    let (inner, outer) = (emptied(), emptied())
    let nested = ServiceCall { (_: Int) in try await Self.atOnce.run(budget: inner) { _ in } }
    try await nested.retry(budget: outer)(1)
    #expect(inner.available == 1)
    #expect(outer.available == 1)
  }

  @Test func row68_aCallThatIsRefusedDepositsNothing() async throws {
    let budget = emptied()
    let refused = ServiceCall { (_: Int) in throw Refusal() }.retry(budget: budget)
    try? await refused(1)
    #expect(budget.available == 0)
  }

  /// It was made, and put its load on the destination.
  @Test func aCallWhoseCallerCancelsDeposits() async throws {
    let budget = emptied()
    let cancelled = ServiceCall { (_: Int) in
      withUnsafeCurrentTask { $0?.cancel() }
      throw Failure()
    }.retry(budget: budget)
    await Task { try? await cancelled(1) }.value
    #expect(budget.available == 1)
  }

  @Test func aSuccessBehindAFullBudgetChangesNothing() async throws {
    let budget = RetryBudget(ratio: 1, reserve: 3, refillInterval: nil)
    let call = Self.succeeding.retry(budget: budget)
    for _ in 1...10 { try await call(1) }
    #expect(budget.snapshot().available == 3)
  }

  // MARK: - Tokens

  /// All fail in the same instant; whoever is looked at first, as many are tried again.
  @Test(arguments: 1...20 as ClosedRange<UInt64>)
  func row22_ofCallsThatFailTogetherTheReserveAndAShareAreRetried(seed: UInt64) throws {
    let budget = RetryBudget(ratio: 0.1)
    let attempts = Log<UInt16>()
    try Simulation(seed: seed).run { sim in
      let call = ServiceCall { (_: Int, context: CallContext) in
        attempts.append(context.attempt)
        try await sim.sleep(for: .seconds(1))
        if context.attempt == 1 { throw Failure() }
      }.retry(RetryPolicy(maxAttempts: 2), budget: budget)
      await withTaskGroup { group in
        for _ in 1...995 { group.addTask { try? await call(1) } }
      }
    }
    #expect(attempts.entries.count { $0 == 2 } == 3 + 100)
  }

  @Test func row23_aTokenIsTakenBeforeTheWait() throws {
    let budget = RetryBudget()
    let starts = Log<Instant>()
    try Simulation(seed: 1).run { sim in
      let retried = ServiceCall { (_: Int) in
        starts.append(sim.now)
        throw Failure()
      }.retry(
        RetryPolicy(maxAttempts: 2, backoff: .constant(.seconds(1), jitter: .none)), budget: budget)
      await withTaskGroup { group in
        for _ in 1...1000 { group.addTask { try? await retried(1) } }
      }
      #expect(sim.now == .milliseconds(1_000))
    }
    #expect(starts.entries.count { $0 == .milliseconds(0) } == 1000)
    #expect(starts.entries.count { $0 == .milliseconds(1_000) } == 103)
    #expect(budget.snapshot().granted == 103)
    #expect(budget.snapshot().refused == 897)
  }

  @Test func row24_anExhaustedBudgetEndsTheCallAtOnceWithItsOwnErrorAndSaysWhy() throws {
    let budget = RetryBudget(ratio: 0, reserve: 1, refillInterval: nil)
    let told = Log<RetryEvent>()
    let (end, events) = try simulate { sim in
      let retried = ServiceCall("stock") { (_: Int, context: CallContext) in
        throw Failure(number: Int(context.attempt))
      }.retry(
        RetryPolicy(backoff: .constant(.seconds(1), jitter: .none)), budget: budget,
        onEvent: { told.append($0) })
      await #expect(throws: Failure(number: 2)) { try await retried(1) }
      return sim.now
    }
    #expect(end == .milliseconds(1_000))
    #expect(
      told.entries == [
        .scheduled(call: "stock", attempt: 2, delay: .seconds(1), isLastAttempt: false, wasRefused: false),
        .gaveUp(call: "stock", attempts: 2, reason: .budgetExhausted),
      ])
    #expect(events == told.entries.map(\.description))
  }

  /// Layers of four attempts each multiply to 64; sharing a budget they stay at a tenth.
  @Test func layersThatShareABudgetDoNotMultiply() async throws {
    let budget = RetryBudget(ratio: 0.1, refillInterval: nil)
    let attempts = Log<Int>()
    let policy = RetryPolicy(maxAttempts: 4, backoff: .none)
    let call = ServiceCall { (_: Int) in
      attempts.append(1)
      throw Failure()
    }.retry(policy, budget: budget).retry(policy, budget: budget).retry(policy, budget: budget)
    for _ in 1...1000 { try? await call(1) }
    #expect(attempts.entries.count == 1000 + 103)
  }

  /// The layer that finds the budget empty ends the call through all that share it, at once and with the
  /// work's own error.
  @Test func row24_anEmptyBudgetEndsTheCallThroughAllLayersThatShareIt() throws {
    let budget = RetryBudget(ratio: 0, reserve: 1, refillInterval: nil)
    _ = budget.withdraw()
    let (end, events) = try simulate { sim in
      let call = Self.failing.retry(budget: budget).retry(budget: budget).retry(budget: budget)
      await #expect(throws: Failure()) { try await call(1) }
      return sim.now
    }
    #expect(end == .milliseconds(0))
    #expect(
      events == Array(repeating: "retry.gave_up attempts=1 reason=budget_exhausted", count: 3))
  }

  /// What provably did not run is repeated at once: no deadline, no wait bounds it, so the budget must.
  @Test func row29_retriesOfWhatDidNotRunAreBudgetedAndCounted() async throws {
    let budget = RetryBudget(refillInterval: nil)
    let attempts = Log<UInt16>()
    let call = ServiceCall { (_: Int, context: CallContext) in
      attempts.append(context.attempt)
      throw Pushed(pushback: .notProcessed)
    }.retry(Self.atOnce, budget: budget)
    await #expect(throws: Pushed.self) { try await call(1) }
    #expect(attempts.entries == [1, 2, 3])
    for _ in 1...999 { try? await call(1) }
    #expect(attempts.entries.count == 1000 + 103)
    #expect(budget.snapshot().granted == 103)
  }

  @Test func aThrottleIsFilledBySuccessesOfEveryAttempt() async throws {
    let throttle = RetryBudget.throttle(maxTokens: 10, tokenRatio: 1)
    let call = ServiceCall { (_: Int, context: CallContext) in
      if context.attempt < 3 { throw Failure() }
    }.retry(Self.atOnce, budget: throttle)
    try await call(1)
    #expect(throttle.available == 3, "two failures and a success")
    try? await Self.failing.retry(RetryPolicy(maxAttempts: 1), budget: throttle)(1)
    #expect(throttle.available == 2, "failures that are not retried count")
    for _ in 1...5 { try await Self.succeeding.retry(budget: throttle)(1) }
    #expect(throttle.available == 4)
  }
}
