import ResilienceCore
import Testing

@testable import ResilienceRegistry

/// gRFC A50's two algorithms on what was counted. The populations are those that gRPC's implementations are
/// tested with.
@Suite struct OutlierSweepTests {
  private func counts(_ outcomes: [(successes: UInt32, failures: UInt32)]) -> [OutcomeCount] {
    outcomes.enumerated().map {
      OutcomeCount(epoch: UInt64($0 + 1), successes: $1.successes, failures: $1.failures)
    }
  }

  private func found(_ policy: OutlierPolicy, _ outcomes: [(UInt32, UInt32)], draw: UInt64 = 1) -> [Int] {
    OutlierSweep(rules: OutlierRules(policy)).outliers(in: counts(outcomes), draw: draw).map(\.slot)
  }

  private func bySuccess(
    deviations: Double = 1.9, floor: Double = 0, minimumInstances: Int = 5, minimumCalls: Int = 100,
    enforcement: Double = 1
  ) -> OutlierPolicy {
    OutlierPolicy(
      successRate: OutlierPolicy.SuccessRate(
        deviations: deviations, floor: floor, minimumInstances: minimumInstances, minimumCalls: minimumCalls,
        enforcement: enforcement))
  }

  @Test func oneOfFiveThatFailsEverythingIsTwoDeviationsBelowTheMean() throws {
    // Rates 1, 1, 1, 1, 0: mean 0.8, deviation 0.4, limit 0.8 − 1.9 × 0.4 = 0.04.
    let outcomes: [(UInt32, UInt32)] = [(100, 0), (100, 0), (100, 0), (100, 0), (0, 100)]
    let sweep = OutlierSweep(rules: OutlierRules(bySuccess()))
    let outlier = try #require(sweep.outliers(in: counts(outcomes), draw: 1).first)
    #expect(outlier.slot == 4)
    #expect(outlier.epoch == 5)
    guard case .successRate(0, let limit) = outlier.reason else {
      Issue.record("\(outlier.reason)")
      return
    }
    #expect(abs(limit - 0.04) < 1e-9)
    #expect(outlier.reason.description == "success rate 0.0 %, below 4.0 %")
  }

  @Test func twoOfFiveAreNotBelowALimitThatTheyDrawDownThemselves() {
    // Rates 1, 1, 1, 0, 0: mean 0.6, deviation 0.49, limit −0.33; with one deviation 0.11.
    let outcomes: [(UInt32, UInt32)] = [(100, 0), (100, 0), (100, 0), (0, 100), (0, 100)]
    #expect(found(bySuccess(), outcomes) == [])
    #expect(found(bySuccess(deviations: 1), outcomes) == [3, 4])
  }

  @Test func row46_whoeverSucceedsAtNothingIsFoundHoweverMuchTheOthersDiffer() {
    let outcomes: [(UInt32, UInt32)] = [(100, 0), (100, 0), (100, 0), (0, 100), (0, 100)]
    #expect(found(OutlierPolicy(), outcomes) == [3, 4])
    #expect(found(bySuccess(floor: 0.01), outcomes) == [3, 4])
    #expect(found(OutlierPolicy(), [(5, 95), (100, 0), (50, 50), (0, 100), (20, 80)]) == [0, 3])
  }

  @Test func whoeverHasTooFewCallsIsNotJudgedAndWithTooFewJudgedNobodyIs() {
    let outcomes: [(UInt32, UInt32)] = [(100, 0), (100, 0), (100, 0), (100, 0), (0, 99)]
    #expect(found(bySuccess(), outcomes) == [])
    #expect(found(bySuccess(minimumCalls: 99), outcomes) == [4])
    #expect(found(bySuccess(minimumInstances: 6, minimumCalls: 99), outcomes) == [])
  }

  @Test func equalRatesHaveNoOutlier() {
    #expect(found(OutlierPolicy(), Array(repeating: (50, 50), count: 10)) == [])
  }

  @Test func theFailureRateIsComparedWithTheThresholdAlone() {
    let rule = OutlierPolicy.FailureRate(threshold: 0.85)
    let policy = OutlierPolicy(successRate: nil, failureRate: rule)
    // A threshold that is only reached is not passed.
    #expect(found(policy, [(15, 85), (14, 86), (0, 100), (100, 0), (0, 49), (50, 50)]) == [1, 2])
    #expect(found(policy, [(15, 85), (14, 86), (0, 100), (100, 0), (0, 49)]) == [])
  }

  @Test func enforcementIsTheShareOfThoseFoundThatAreEjected() {
    let outcomes: [(UInt32, UInt32)] = [(100, 0), (100, 0), (100, 0), (100, 0), (0, 100)]
    let draws = (1...1000 as ClosedRange<UInt64>).map { SplitMix64.mix($0) }
    func ejections(_ enforcement: Double) -> Int {
      draws.count { found(bySuccess(enforcement: enforcement), outcomes, draw: $0) == [4] }
    }
    #expect(ejections(0) == 0)
    #expect((250...350).contains(ejections(0.3)))
    #expect(ejections(1) == 1000)
  }
}
