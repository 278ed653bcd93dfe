import ResilienceCore
import Testing

@testable import ResilienceRegistry

@Suite struct ZonePreferenceTests {
  private let zones: [String?] = ["eu", "eu", "eu", "eu", "us", "us", "us", nil]
  private var all: [ServiceMember] { members(numbered(8), zones: zones) }
  private let policy = BalancingPolicy(.powerOfTwoChoices, zone: ZonePreference("eu"))

  private func stayed(_ shares: [String: Int]) -> Int {
    numbered(4).reduce(0) { $0 + shares[$1, default: 0] }
  }

  @Test func callsStayWhileEnoughOfTheZoneIsAvailable() {
    var test = TestMachine(policy, all)
    #expect(stayed(test.shares(1000)) == 1000)
    // Three of four, with 1.4 times their share.
    test.update(all.with(.unhealthy, "i1000"))
    #expect(stayed(test.shares(1000)) == 1000)
  }

  @Test func whatTheZoneCannotTakeSpillsOver() {
    var test = TestMachine(policy, all.with(.unhealthy, "i1000", "i1001"))
    // 0.5 × 1.4 of the calls stay; two of the six others' are in the zone as well.
    let stayed = stayed(test.shares(10_000))
    #expect((7_800...8_200).contains(stayed))
    test.update(all.with(.unhealthy, "i1000", "i1001", "i1002", "i1003"))
    #expect(self.stayed(test.shares(1000)) == 0)
  }

  @Test func aZoneThatNobodyIsInMeansEverywhere() {
    var test = TestMachine(BalancingPolicy(.roundRobin, zone: ZonePreference("mars")), all)
    #expect(test.shares(800).values.allSatisfy { $0 == 100 })
  }

  @Test func weightsHoldWithinTheZone() {
    let weighted = members(numbered(3), weights: [3, 1, 9], zones: ["eu", "eu", "us"])
    var test = TestMachine(BalancingPolicy(.roundRobin, zone: ZonePreference("eu")), weighted)
    #expect(test.shares(400) == ["i1000": 300, "i1001": 100])
  }
}

@Suite struct SubsetTests {
  @Test func aBalancerCallsSoManyOnlyAndBalancersCallDifferentOnes() {
    var subsets: Set<Set<String>> = []
    var calls: [String: Int] = [:]
    for seed in UInt64(1)...100 {
      var test = TestMachine(BalancingPolicy(subsetSize: 5), members(numbered(50)), seed: seed)
      let called = Set(test.shares(200).keys)
      #expect(called.count == 5)
      subsets.insert(called)
      for id in called { calls[id, default: 0] += 1 }
    }
    #expect(subsets.count == 100)
    // Ten each on average.
    #expect(calls.count == 50)
    #expect(calls.values.allSatisfy { $0 <= 25 })
  }

  @Test func whenOneGoesOneOtherTakesItsPlace() throws {
    var test = TestMachine(BalancingPolicy(subsetSize: 5), members(numbered(50)))
    let before = Set(test.shares(200).keys)
    let gone = try #require(before.min())
    test.update(members(numbered(50)).without(gone))
    let after = Set(test.shares(200).keys)
    #expect(after.count == 5)
    #expect(before.subtracting(after) == [gone])
  }

  @Test func fewerThanTheSizeAreAllCalled() {
    var test = TestMachine(BalancingPolicy(subsetSize: 5), members(["a", "b"]))
    #expect(Set(test.shares(50).keys) == ["a", "b"])
  }
}
