import ResilienceCore
import Testing

@Suite struct RetryBudgetTests {
  @Test func startsWithItsReserve() {
    let budget = RetryBudget(ratio: 0.1, reserve: 3)
    #expect(budget.available == 3)
    #expect((1...5).map { _ in budget.withdraw() } == [true, true, true, false, false])
    #expect(budget.available == 0)
  }

  @Test func theDefaultIsATenthAndThree() {
    let budget = RetryBudget()
    #expect(budget.ratio == 0.1)
    #expect(budget.reserve == 3)
  }

  @Test func doesNotSaveMoreThanItsReserve() {
    let budget = RetryBudget(ratio: 1, reserve: 2)
    for _ in 1...100 { budget.deposit() }
    #expect(budget.available == 2)
    budget.refund()
    #expect(budget.available == 2)
  }

  @Test func aRefundedTokenCanBeTakenAgain() {
    let budget = RetryBudget(ratio: 0, reserve: 1)
    #expect(budget.withdraw())
    budget.refund()
    #expect(budget.withdraw())
    #expect(!budget.withdraw())
  }

  @Test func aRatioOfZeroNeverRefills() {
    let budget = RetryBudget(ratio: 0, reserve: 1)
    #expect(budget.withdraw())
    for _ in 1...1000 { budget.deposit() }
    #expect(!budget.withdraw(depositing: true))
  }

  // MARK: - The share

  @Test(arguments: [0.01, 0.1, 0.2, 0.37, 0.6, 0.999, 1, 1.5, 10], [1, 3, 20])
  func row20_retriesPerDepositAreTheRatio(ratio: Double, reserve: Int) {
    let budget = RetryBudget(ratio: ratio, reserve: reserve)
    while budget.withdraw() {}
    var retries = 0
    let deposits = 10_000
    for _ in 1...deposits {
      budget.deposit()
      while budget.withdraw() { retries += 1 }
    }
    #expect(abs(Double(retries) - ratio * Double(deposits)) <= 1)
  }

  @Test(arguments: [0.01, 0.1, 0.2, 0.37, 0.6, 1], [1, 7, 10, 99, 1000])
  func row22_failuresAtOnceGetTheReserveAndTheirShare(ratio: Double, failures: Int) {
    let budget = RetryBudget(ratio: ratio, reserve: 3)
    let granted = (1...failures).count { _ in budget.withdraw(depositing: true) }
    let share = (ratio * Double(failures) * 1000).rounded() / 1000
    #expect(granted == min(failures, 3 + Int(share.rounded(.up))))
  }

  /// Successes of the same moment may come before, between or after the failures.
  @Test(arguments: 1...20 as ClosedRange<UInt64>)
  func row22_theOrderOfWhatFailsDoesNotMatter(seed: UInt64) {
    let random = SeededRandomSource(seed: seed)
    let budget = RetryBudget(ratio: 0.1, reserve: 3)
    var (failures, granted) = (0, 0)
    for _ in 1...1000 {
      if random.next(below: 3) == 0 {
        // A second failure of the same call does not deposit.
        granted += budget.withdraw() ? 1 : 0
      } else {
        failures += 1
        granted += budget.withdraw(depositing: true) ? 1 : 0
      }
    }
    #expect(granted == 3 + (failures + 9) / 10)
  }

  // MARK: - The throttle

  @Test func aThrottleStopsAtHalfOfItsTokens() {
    let throttle = RetryBudget.throttle(maxTokens: 10, tokenRatio: 0.1)
    #expect(throttle.available == 4)
    #expect(
      (1...6).map { _ in throttle.withdraw(depositing: true) } == [true, true, true, true, false, false])
    #expect(throttle.available == 0)
  }

  @Test func aThrottleIsRefilledBySuccesses() {
    let throttle = RetryBudget.throttle(maxTokens: 10, tokenRatio: 0.1)
    for _ in 1...5 { _ = throttle.withdraw() }
    throttle.noteSuccess(isFirst: true)
    #expect(throttle.available == 0, "5.1 tokens: one less is no more than half")
    for _ in 1...10 { throttle.noteSuccess(isFirst: false) }
    #expect(throttle.available == 1)
    for _ in 1...1000 { throttle.deposit() }
    #expect(throttle.available == 4, "never above its maximum")
  }

  @Test func aThrottleCountsFailuresThatAreNotRetriedAndNeverGoesBelowZero() {
    let throttle = RetryBudget.throttle(maxTokens: 10, tokenRatio: 0.5)
    throttle.noteUnretried(isFirst: true, .neutral)
    #expect(throttle.available == 4)
    for _ in 1...1000 { throttle.noteUnretried(isFirst: true, .failure) }
    for _ in 1...12 { throttle.deposit() }
    #expect(throttle.available == 0)
    for _ in 1...2 { throttle.deposit() }
    #expect(throttle.available == 1)
  }

  @Test func aThrottleThatRefusesDoesNotGoBelowZeroEither() {
    let throttle = RetryBudget.throttle(maxTokens: 4, tokenRatio: 1)
    for _ in 1...100 { _ = throttle.withdraw() }
    for _ in 1...3 { throttle.deposit() }
    #expect(throttle.available == 0)
    throttle.deposit()
    #expect(throttle.available == 1)
  }

  /// gRPC A6: "token_ratio: up to three decimal places".
  @Test func aThrottleKeepsThreeDecimals() {
    let throttle = RetryBudget.throttle(maxTokens: 1, tokenRatio: 0.001)
    _ = throttle.withdraw()
    for _ in 1...999 { throttle.deposit() }
    #expect(throttle.isBelowMaximum)
    throttle.deposit()
    #expect(!throttle.isBelowMaximum)
  }

  @Test func impossibleSettingsAreRefusedWithTheValue() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = RetryBudget.throttle(maxTokens: 1001)
    }
    let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(message.contains("maxTokens must be in 1 ... 1000, was 1001"))
  }

  // MARK: - Counting

  @Test func snapshotCountsWhatWasGrantedAndRefused() {
    let budget = RetryBudget("payment", ratio: 0.1, reserve: 2)
    for _ in 1...3 { _ = budget.withdraw() }
    let snapshot = budget.snapshot()
    #expect(snapshot.available == 0)
    #expect(snapshot.reserve == 2)
    #expect(snapshot.granted == 2)
    #expect(snapshot.refused == 1)
    #expect(
      snapshot.metrics == [
        Metric(
          "retry_budget_available", .gauge, 0, labels: [.init("budget", "payment")],
          help: "Retries that the budget would grant at once."),
        Metric(
          "retry_budget_granted_total", .counter, 2, labels: [.init("budget", "payment")],
          help: "Retries that the budget has granted."),
        Metric(
          "retry_budget_refused_total", .counter, 1, labels: [.init("budget", "payment")],
          help: "Retries that the budget has refused."),
      ])
  }

  @Test func concurrentUsersGetEachTokenOnce() async {
    let budget = RetryBudget(ratio: 0.5, reserve: 100, refillInterval: nil)
    while budget.withdraw() {}
    let granted = await withTaskGroup { group in
      for _ in 1...4 {
        group.addTask {
          (1...1000).count { _ in budget.withdraw(depositing: true) }
        }
      }
      return await group.reduce(0, +)
    }
    #expect(granted == 2000)
  }
}
