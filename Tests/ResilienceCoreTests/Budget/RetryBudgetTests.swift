import ResilienceCore
import Testing

@Suite struct RetryBudgetTests {
  @Test func startsWithItsReserve() {
    let budget = RetryBudget(ratio: 0.1, reserve: 3)
    #expect(budget.available == 3)
    #expect((1...5).map { _ in budget.withdraw() } == [true, true, true, false, false])
    #expect(budget.available == 0)
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
    #expect(!budget.withdraw())
  }

  @Test(arguments: [0.01, 0.1, 0.2, 0.6, 1, 1.5, 10])
  func row20_retriesPerDepositAreTheRatio(ratio: Double) {
    let budget = RetryBudget(ratio: ratio, reserve: 20)
    while budget.withdraw() {}
    var retries = 0
    let deposits = 10_000
    for _ in 1...deposits {
      budget.deposit()
      while budget.withdraw() { retries += 1 }
    }
    #expect(abs(Double(retries) - ratio * Double(deposits)) <= 1)
  }

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
        Metric("retry_budget_available", .gauge, 0, labels: [.init("budget", "payment")]),
        Metric("retry_budget_granted", .counter, 2, labels: [.init("budget", "payment")]),
        Metric("retry_budget_refused", .counter, 1, labels: [.init("budget", "payment")]),
      ])
  }

  @Test func concurrentUsersGetEachTokenOnce() async {
    let budget = RetryBudget(ratio: 0.5, reserve: 100)
    while budget.withdraw() {}
    let granted = await withTaskGroup { group in
      for _ in 1...4 {
        group.addTask {
          (1...1000).count { _ in
            budget.deposit()
            return budget.withdraw()
          }
        }
      }
      return await group.reduce(0, +)
    }
    #expect(granted + budget.available == 2000)
  }
}
