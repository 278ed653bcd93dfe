import Testing

@testable import ResilienceCore

/// Steps of the arithmetic, one at a time. All numbers are what is missing to the maximum, in thousand
/// millionths of a token.
@Suite struct RetryBudgetRulesTests {
  static let token: Int64 = 1_000_000_000
  private let share = RetryBudgetRules(ratio: 0.1, reserve: 3, refillInterval: 20)
  private let throttle = RetryBudgetRules(maxTokens: 10, tokenRatio: 0.1)

  @Test func aNewOneHasItsReserve() {
    #expect(share.start == 0)
    #expect(share.available(share.start, refill: 0) == 3)
    #expect(throttle.available(throttle.start, refill: 0) == 4)
    // A deposit of four tokens must fit in, of which the reserve is one.
    let generous = RetryBudgetRules(ratio: 4, reserve: 1, refillInterval: nil)
    #expect(generous.start == 3 * Self.token)
    #expect(generous.available(generous.start, refill: 0) == 1)
  }

  @Test(arguments: [
    // Missing before, depositing, tokens that time brought; missing after, granted.
    (0, false, 0, 1_000_000_000, true), (2_000_000_000, false, 0, 3_000_000_000, true),
    // The smallest part of a token is enough.
    (2_999_999_999, false, 0, 3_999_999_999, true), (3_000_000_000, false, 0, 3_000_000_000, false),
    (3_000_000_000, true, 0, 3_900_000_000, true), (3_900_000_000, false, 1, 3_900_000_000, true),
    (3_900_000_000, false, 9, 1_000_000_000, true), (0, true, 0, 900_000_000, true),
  ])
  func aShareGivesATokenWhileAnyPartOfOneIsLeft(
    missing: Int64, depositing: Bool, refill: Int64, after: Int64, isGranted: Bool
  ) {
    let step = share.withdrawal(missing, depositing: depositing, refill: refill)
    #expect(step.missing == after && step.isGranted == isGranted)
  }

  @Test(arguments: [
    (0, 1_000_000_000, true), (3_900_000_000, 4_900_000_000, true),
    (4_000_000_000, 5_000_000_000, false),
    (9_500_000_000, 10_000_000_000, false),
  ])
  func aThrottleGivesATokenWhileMoreThanHalfIsLeftAndTakesItAnyway(
    missing: Int64, after: Int64, isGranted: Bool
  ) {
    for depositing in [false, true] {
      let step = throttle.withdrawal(missing, depositing: depositing, refill: 0)
      #expect(step.missing == after && step.isGranted == isGranted)
    }
  }

  @Test func callsBringTheirPartOnceAndAThrottlesSuccessesEachTime() {
    #expect(share.success(Self.token, isFirst: true) == 900_000_000)
    #expect(share.success(Self.token, isFirst: false) == Self.token)
    #expect(share.failure(Self.token, isFirst: true, .failure) == 900_000_000)
    #expect(share.failure(Self.token, isFirst: false, .failure) == Self.token)
    #expect(throttle.success(Self.token, isFirst: false) == 900_000_000)
    #expect(throttle.failure(Self.token, isFirst: true, .failure) == 2 * Self.token)
    #expect(throttle.failure(Self.token, isFirst: true, .neutral) == Self.token)
    #expect(throttle.failure(10 * Self.token, isFirst: true, .failure) == 10 * Self.token)
    #expect(share.success(50_000_000, isFirst: true) == 0)
    #expect(share.refund(Self.token) == 0)
    #expect(share.refund(0) == 0)
  }

  @Test(
    arguments: [
      // Missing, from, to; tokens, counted until.
      (0, 0, 100, 0, 100),
      (1_000_000_000, 0, 19, 0, 0), (2_000_000_000, 0, 25, 1, 20), (2_000_000_000, 5, 45, 2, 45),
      (1_000_000_000, 0, 39, 1, 39), (3_900_000_000, 0, 1_000, 4, 1_000),
      (1_000_000_000, .min, 0, 4, 0),
    ] as [(Int64, Int64, Int64, Int64, Int64)])
  func timeBringsWholeTokensOnlyWhileSomeAreMissing(
    missing: Int64, from last: Int64, to now: Int64, tokens: Int64, countedUntil: Int64
  ) {
    let step = share.refill(missing, from: last, to: now)
    #expect(step.tokens == tokens && step.countedUntil == countedUntil)
  }

  @Test func whereTimeBringsNothingItIsNotCounted() {
    #expect(share.isTimed)
    #expect(!throttle.isTimed)
    let step = throttle.refill(Self.token, from: 0, to: .max)
    #expect(step.tokens == 0 && step.countedUntil == .max)
  }
}
