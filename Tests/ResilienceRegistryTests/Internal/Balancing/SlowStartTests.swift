import ResilienceCore
import Testing

@testable import ResilienceRegistry

@Suite struct SlowStartTests {
  /// Envoy's formula, by hand: max(minimum, (max(age, 1 s) / window) ^ (1 / aggression)).
  @Test(
    arguments: [
      (60, 0.1, 1.0, 0, 0.1), (60, 0.1, 1, 3, 0.1), (60, 0.1, 1, 15, 0.25), (60, 0.1, 1, 30, 0.5),
      (60, 0.1, 1, 45, 0.75), (60, 0.1, 1, 60, 1), (60, 0, 1, 0, 1.0 / 60), (60, 0, 2, 15, 0.5),
      (60, 0, 2, 30, 0.70711), (60, 0, 0.5, 30, 0.25), (60, 0, 1.5, 15, 0.39685), (1, 0.1, 1, 0, 1),
      (0.5, 0.1, 3, 0.25, 1),
    ] as [(Double, Double, Double, Double, Double)])
  func thePublishedFormulaHolds(
    window: Double, minimum: Double, aggression: Double, age: Double, factor: Double
  ) {
    let policy = SlowStartPolicy(window: .seconds(window), minimumShare: minimum, aggression: aggression)
    #expect(abs(policy.factor(age: .seconds(age)) - factor) < 1e-4)
  }

  private static let second: Int64 = 1_000_000_000

  /// A joiner's calls in each tenth of the window, of 1000 in all.
  private func ramp(_ strategy: BalancingStrategy, joins: (inout TestMachine) -> Void) -> [Int] {
    var test = TestMachine(
      BalancingPolicy(strategy, slowStart: SlowStartPolicy(window: .seconds(100))), members(numbered(9)),
      seed: 5)
    joins(&test)
    let start = test.now
    return (0..<11).map { tenth in
      (0..<1000).count { call in
        test.now = start + (Int64(tenth) * 10_000 + Int64(call) * 10) * (Self.second / 1000)
        guard let selection = test.select(key: "\(tenth) \(call)") else { return false }
        let id = test.id(selection)
        test.now += Self.second / 1000
        test.record(true, selection)
        test.machine.release(selection)
        return id == "new"
      }
    }
  }

  @Test(arguments: BalancerStateMachineTests.strategies)
  func row49_aJoinerGetsAtLeastTheMinimumOfItsShareAndAllOfItInTheEnd(strategy: BalancingStrategy) {
    let ramp = ramp(strategy) { test in
      test.now = Self.second
      test.update(members(numbered(9) + ["new"]))
    }
    // A tenth of the calls is its share: 100 of each 1000.
    #expect(ramp.allSatisfy { $0 >= 5 })
    #expect(ramp[0] <= 40)
    #expect(ramp[4] < 85)
    #expect((60...140).contains(ramp[10]))
    #expect(ramp[0..<3].reduce(0, +) < ramp[7..<10].reduce(0, +))
  }

  @Test func whoeverComesBackStartsSlowlyToo() {
    let ramp = ramp(.roundRobin) { test in
      test.update(members(numbered(9) + ["new"], health: .healthy).with(.unhealthy, "new"))
      test.now = 1000 * Self.second
      test.update(members(numbered(9) + ["new"]))
    }
    #expect(ramp[0] <= 40)
    #expect(ramp[10] == 100)
  }

  @Test func whereAllAreNewNoneIsHeldBack() {
    var test = TestMachine(
      BalancingPolicy(.roundRobin, slowStart: SlowStartPolicy()), members(["a", "b", "c"]))
    #expect(test.shares(300) == ["a": 100, "b": 100, "c": 100])
    #expect(test.machine.plainUntil == .max)
  }

  @Test func afterTheWindowAPickIsAsPlainAsBefore() {
    var test = TestMachine(BalancingPolicy(.roundRobin, slowStart: SlowStartPolicy()), members(["a", "b"]))
    test.update(members(["a", "b", "c"]))
    #expect(test.machine.plainUntil == .min)
    test.now = 60 * Self.second
    _ = test.shares(10)
    #expect(test.machine.plainUntil == .max)
  }
}
