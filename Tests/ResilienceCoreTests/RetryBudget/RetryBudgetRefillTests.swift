import ResilienceCore
import Testing

/// What time brings to a budget.
@Suite struct RetryBudgetRefillTests {
  private static let second: Int64 = 1_000_000_000

  /// For each call, whether its only failure might be repeated.
  private func play(_ budget: RetryBudget, calls: Int, every interval: Int64) -> [Bool] {
    (0..<Int64(calls)).map { number in
      budget.withdraw(depositing: true, at: Instant(nanoseconds: number * interval))
    }
  }

  @Test func aClientThatMakesOneCallAnHourMayRepeatEachOfThem() {
    #expect(play(RetryBudget(), calls: 365 * 24, every: 3600 * Self.second).allSatisfy { $0 })
    let withoutTime = play(
      RetryBudget(refillInterval: nil), calls: 365 * 24, every: 3600 * Self.second)
    #expect(withoutTime.count { $0 } == 3 + 876)
  }

  @Test func soMayOneThatMakesACallEveryTwentySeconds() {
    #expect(play(RetryBudget(), calls: 10_000, every: 20 * Self.second).allSatisfy { $0 })
  }

  /// The promise that is kept to destinations with traffic: an outage costs them an eighth more, not twice as
  /// much.
  @Test(arguments: [1, 2, 5, 80, 1000])
  func fromOneCallASecondOnRetriesStayWithinFifteenPercent(rate: Int) {
    let granted = play(RetryBudget(), calls: 3600 * rate, every: Self.second / Int64(rate)).count { $0 }
    #expect(Double(granted) <= 0.15 * Double(3600 * rate) + 3)
    #expect(Double(granted) >= 0.1 * Double(3600 * rate))
  }

  @Test func theReserveIsWholeAfterAMinuteAndNeverMore() {
    let budget = RetryBudget(ratio: 0)
    func granted(at seconds: Int64) -> Int {
      let now = Instant(nanoseconds: seconds * Self.second)
      #expect(budget.available(at: now) == budget.snapshot(at: now).available)
      let available = budget.available(at: now)
      let granted = (1...10).count { _ in budget.withdraw(at: now) }
      #expect(granted == available)
      return granted
    }
    #expect([0, 19, 20, 59, 60, 120, 1_000_000, 1_000_019].map(granted) == [3, 0, 1, 1, 1, 3, 3, 0])
    #expect(budget.available == 0, "as of the last one that was asked for")
  }

  /// Of a budget that one deposit fills above its reserve, time fills the reserve alone.
  @Test func timeBringsNoMoreThanTheReserveIsWhereADepositBringsMore() {
    let budget = RetryBudget(ratio: 10, reserve: 2)
    #expect(budget.available(at: Instant(nanoseconds: .max)) == 2)
    #expect(budget.withdraw(at: Instant(nanoseconds: 0)))
    #expect(budget.available(at: Instant(nanoseconds: .max)) == 2)
    budget.deposit()
    #expect(budget.available(at: Instant(nanoseconds: 0)) == 10)
  }

  @Test func timeIsCountedOnceHoweverManyAskAndWhateverTheirClocksSay() async {
    let budget = RetryBudget(ratio: 0, reserve: 1000, refillInterval: .nanoseconds(10))
    while budget.withdraw(at: Instant(nanoseconds: 0)) {}
    let granted = await withTaskGroup { group in
      for task in 0..<4 as Range<Int64> {
        group.addTask {
          (0..<2000 as Range<Int64>).count { step in
            // Each a little behind or before the others.
            budget.withdraw(at: Instant(nanoseconds: step * 3 + task))
          }
        }
      }
      return await group.reduce(0, +)
    }
    #expect(granted + budget.available(at: Instant(nanoseconds: 6000)) == 600)
  }

  @Test func anInstantBeforeTheLastOneBringsNothing() {
    let budget = RetryBudget(ratio: 0, reserve: 1)
    let now = Instant(nanoseconds: 1000 * Self.second)
    #expect(budget.withdraw(at: now))
    #expect(!budget.withdraw(at: Instant(nanoseconds: 0)))
    #expect(!budget.withdraw(at: Instant(nanoseconds: .min)))
    #expect(!budget.withdraw(at: now.advanced(by: .seconds(19))))
    #expect(budget.withdraw(at: now.advanced(by: .seconds(21))))
  }

  @Test func theAmbientClockIsTheDefault() async {
    let budget = RetryBudget(ratio: 0, reserve: 1)
    await CallContext.withEnvironment(CallEnvironment(clock: StoppedClock(now: Instant(nanoseconds: 0)))) {
      #expect(budget.withdraw())
      #expect(!budget.withdraw())
      #expect(budget.snapshot().available == 0)
    }
    let later = StoppedClock(now: Instant(nanoseconds: 20 * Self.second))
    await CallContext.withEnvironment(CallEnvironment(clock: later)) {
      #expect(budget.snapshot().available == 1)
      #expect(budget.withdraw())
    }
  }

  // MARK: - Small shares

  @Test(arguments: [0.000_5, 0.000_1, 0.000_023])
  func row20_aRatioBelowAThousandthIsExact(ratio: Double) {
    let budget = RetryBudget(ratio: ratio, reserve: 1, refillInterval: nil)
    let calls = 200_000
    let granted = (1...calls).count { _ in budget.withdraw(depositing: true) }
    #expect(granted == 1 + Int((ratio * Double(calls)).rounded(.up)))
  }

  @Test func theSmallestRatioIsAThousandMillionth() async {
    let budget = RetryBudget(ratio: 1e-9, refillInterval: nil)
    #expect(play(budget, calls: 1000, every: 1).count { $0 } == 4, "the reserve, and a share rounded up")
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = RetryBudget(ratio: 1e-10)
    }
    let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(message.contains("ratio must be 0 or in 10⁻⁹ ... 10, was 1e-10"))
  }

  @Test func aRefillWithoutADurationIsRefused() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = RetryBudget(refillInterval: .zero)
    }
    let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(message.contains("refillInterval must be more than 0, was 0.0 seconds"))
  }
}

private struct StoppedClock: ResilienceClock {
  let now: Instant
  var unixTime: UnixTime { UnixTime(nanoseconds: 0) }

  func schedule(at instant: Instant, _ action: @escaping @Sendable () -> Void) -> TimerToken {
    TimerToken(id: 0)
  }

  func cancel(_ token: TimerToken) -> Bool { false }
}
