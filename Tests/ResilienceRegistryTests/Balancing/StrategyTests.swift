import ResilienceCore
import Testing

@testable import ResilienceRegistry

@Suite struct WeightTests {
  @Test func inARoundEachGetsExactlyItsWeightAndNeverAllOfItInARow() {
    var test = TestMachine(.roundRobin, members(["a", "b", "c"], weights: [5, 1, 1]))
    for _ in 0..<10 { #expect(test.shares(7) == ["a": 5, "b": 1, "c": 1]) }
    let picks = (0..<70).compactMap { _ in test.call() }
    let longest = picks.split { $0 != "a" }.map(\.count).max()
    #expect(longest == 4)
  }

  @Test func fractionsAreKeptToTheThousandth() {
    var test = TestMachine(.roundRobin, members(["a", "b"], weights: [0.25, 1]))
    #expect(test.shares(500) == ["a": 100, "b": 400])
  }

  @Test(arguments: BalancerStateMachineTests.strategies)
  func whatWeighsNothingGetsNothing(strategy: BalancingStrategy) {
    let all = members(["a", "b", "c"], weights: [0, 1, 2])
    var test = TestMachine(strategy, all)
    #expect(Set(test.shares(1000) { "\($0)" }.keys) == ["b", "c"])
    test.update(all.with(.unhealthy, "a", "b", "c"))
    #expect(Set(test.shares(1000) { "\($0)" }.keys) == ["b", "c"])
    test.update(members(["a"], weights: [0]))
    #expect(test.call() == nil)
  }

  @Test func weightsFromOutsideAreClamped() {
    let weights = [-1, .nan, -.infinity, .infinity, 2e6, 3].map {
      ServiceInstance(id: "a", service: "s", weight: $0).weight
    }
    #expect(weights == [0, 0, 0, 1_000_000, 1_000_000, 3])
  }

  @Test func ofIdleInstancesTwoChoicesTakeByWeight() {
    var test = TestMachine(.powerOfTwoChoices, members(["a", "b", "c"], weights: [4, 2, 2]), seed: 5)
    let shares = test.shares(20_000)
    #expect((9_700...10_300).contains(shares["a"] ?? 0))
    #expect((4_700...5_300).contains(shares["b"] ?? 0))
  }

  @Test func heldCallsAreInProportionToTheWeights() {
    var test = TestMachine(.powerOfTwoChoices, members(["a", "b", "c"], weights: [4, 2, 2]), seed: 5)
    for _ in 0..<800 { _ = test.select() }
    #expect((395...405).contains(test.inFlight("a")))
  }

  @Test func anOrderFindsTheOwnerOfEachTurn() throws {
    let weights = [1000.0, 1, 1, 1, 7, 0.5, 300, 1]
    let order = try #require(WeightedOrder(slots: (0..<8).map(Int32.init), weights: weights))
    var counts = [Int](repeating: 0, count: 8)
    for turn in 0..<order.turns { counts[order.slot(at: turn)] += 1 }
    let unit = Double(order.turns) / weights.reduce(0, +)
    #expect(counts.map(Double.init) == weights.map { $0 * unit })
    #expect(WeightedOrder(slots: [0, 1], weights: [3, 3]) == nil)
  }
}

@Suite struct RoundRobinTests {
  @Test func row75_aRetryMovesNobodysTurn() {
    var test = TestMachine(.roundRobin, members(["a", "b"]))
    var first = ["a": 0, "b": 0]
    for callID in UInt64(1)...600 {
      guard let id = test.pick(callID: callID) else { return }
      first[id, default: 0] += 1
      if id == "a" { #expect(test.pick(callID: callID, attempt: 2) == "b") }
    }
    #expect(first == ["a": 300, "b": 300])
  }

  @Test func row75_sharesStayEvenWhileSomeAreUnhealthyOrTried() {
    let all = members(["a", "b", "c", "d"])
    var test = TestMachine(.roundRobin, all.with(.unhealthy, "c"))
    #expect(test.shares(600) == ["a": 200, "b": 200, "d": 200])
    test.update(all)
    // Whatever "d" does not take is spread over all the others.
    var second: [String: Int] = [:]
    for callID in UInt64(1)...1200 where test.pick(callID: callID) == "d" {
      second[test.pick(callID: callID, attempt: 2) ?? "", default: 0] += 1
    }
    #expect(second == ["a": 100, "b": 100, "c": 100])
  }

  @Test func row76_manyBalancersDoNotAllBeginWithTheSameInstance() {
    let random = SeededRandomSource(seed: 1)
    var first: [String: Int] = [:]
    for _ in 0..<100 {
      var machine = BalancerStateMachine(service: "inventory", policy: BalancingPolicy(.roundRobin))
      let snapshot = ServiceSnapshot(service: "inventory", version: 1, members: members(numbered(10)))
      let draw = random.next()
      guard let roster = machine.beginFollowing(draw: draw) else { return }
      _ = machine.follow(roster.update(to: snapshot), at: 0, draw: draw)
      guard let selection = machine.select(PickRequest(now: 0, draw: 0)) else { return }
      first[machine.members[selection.slot]?.instance.id ?? "", default: 0] += 1
    }
    #expect(first.count == 10)
    #expect(first.values.allSatisfy { $0 <= 20 })
  }
}

@Suite struct PeakEWMATests {
  private static let millisecond: Int64 = 1_000_000

  @Test func theFirstSampleCountsInFullAndASlowerOneAtOnce() {
    var estimate = LatencyEstimate()
    estimate.observe(nanoseconds: 5, at: 0, decayNanoseconds: 10)
    #expect(estimate.cost(at: 0, decayNanoseconds: 10) == 5)
    estimate.observe(nanoseconds: 100, at: 0, decayNanoseconds: 10)
    #expect(estimate.cost(at: 0, decayNanoseconds: 10) == 100)
    // e⁻¹ of the peak, and the rest of the sample.
    estimate.observe(nanoseconds: 10, at: 10, decayNanoseconds: 10)
    #expect(abs(estimate.cost(at: 10, decayNanoseconds: 10) - (36.788 + 6.321)) < 0.01)
    #expect(abs(estimate.cost(at: 20, decayNanoseconds: 10) - 43.109 * 0.36788) < 0.01)
    // What comes late, by another thread's clock, is no reason to forget.
    #expect(estimate.cost(at: 5, decayNanoseconds: 10) > 43)
  }

  @Test func decayIsThatOfThePowerOfE() {
    for (x, expected) in [
      (0.0, 1.0), (0.5, 0.606531), (1, 0.367879), (3.3, 0.036883), (20, 2.06115e-9), (800, 0),
    ] {
      #expect(abs(exponentialDecay(x) - expected) <= expected * 2e-5)
    }
  }

  @Test func oneThatWasNeverMeasuredGetsExactlyOneCallWhileOthersAreKnown() throws {
    var test = TestMachine(.peakEWMA, members(["a", "b"]), seed: 2)
    for _ in 0..<10 { _ = test.call(succeeded: true, taking: Self.millisecond) }
    test.update(members(["a", "b", "c"]))
    let picks = (0..<60).compactMap { _ in test.select() }
    let probes = picks.filter { test.id($0) == "c" }
    #expect(probes.count == 1)
    // Once it is measured, it takes part: it has the fewest calls of all.
    let probe = try #require(probes.first)
    test.now += Self.millisecond
    test.record(true, probe)
    test.machine.release(probe)
    #expect((0..<60).compactMap { _ in test.pick() }.count { $0 == "c" } > 20)
  }

  @Test func theFasterOneGetsTheCalls() {
    var test = TestMachine(.peakEWMA, members(["fast", "slow"]), seed: 2)
    var shares: [String: Int] = [:]
    for _ in 0..<1000 {
      guard let selection = test.select(), let id = test.id(selection) else { return }
      shares[id, default: 0] += 1
      test.now += (id == "fast" ? 1 : 20) * Self.millisecond
      test.record(true, selection)
      test.machine.release(selection)
    }
    #expect(shares["slow", default: 0] < 10)
  }

  @Test func row50_oneThatFailsAtOnceGetsLessThanItsShare() {
    var test = TestMachine(.peakEWMA, members(numbered(10)), seed: 2)
    var failing = 0
    for _ in 0..<2000 {
      guard let selection = test.select(), let id = test.id(selection) else { return }
      let fails = id == "i1000"
      if fails { failing += 1 }
      test.now += (fails ? 1 : 10) * Self.millisecond
      test.record(!fails, selection)
      test.machine.release(selection)
    }
    // A tenth would be 200.
    #expect((1...40).contains(failing))
  }
}

@Suite struct ConsistentHashTests {
  private func owners(_ test: inout TestMachine, _ keys: Int) -> [String?] {
    (0..<keys).map { test.call(key: "customer-\($0)") }
  }

  @Test func aKeyGoesToOneInstanceWhoeverCalls() {
    var one = TestMachine(.consistentHash, members(numbered(10)), seed: 1)
    var other = TestMachine(.consistentHash, members(numbered(10)).reversed(), seed: 2)
    let owners = owners(&one, 1000)
    #expect(owners == self.owners(&one, 1000))
    #expect(owners == self.owners(&other, 1000))
    // With 21 places for each key, none is far from its share of 100.
    let counts = Dictionary(grouping: owners) { $0 }.mapValues(\.count)
    #expect(counts.count == 10)
    #expect(counts.values.allSatisfy { (70...130).contains($0) })
  }

  @Test func onlyTheKeysOfWhoeverGoesMove() {
    var test = TestMachine(.consistentHash, members(numbered(10)))
    let before = owners(&test, 1000)
    test.update(members(numbered(10)).with(.unhealthy, "i1003"))
    let without = owners(&test, 1000)
    for (one, other) in zip(before, without) where one != "i1003" { #expect(one == other) }
    #expect(!without.contains("i1003"))
    test.update(members(numbered(10)).without("i1003"))
    #expect(owners(&test, 1000) == without)
    test.update(members(numbered(10)))
    #expect(owners(&test, 1000) == before)
  }

  @Test func oneHotKeyIsBoundedByTheLoadFactor() {
    var test = TestMachine(.consistentHash(loadFactor: 1.25), members(numbered(10)))
    for _ in 0..<400 { _ = test.select(key: "hot") }
    let most = test.machine.slots.map(\.inFlight).max() ?? 0
    #expect(most <= 51)
    #expect(most >= 45)
  }

  @Test func withoutAKeyItIsTwoChoices() {
    var test = TestMachine(.consistentHash, members(numbered(10)))
    for _ in 0..<1000 { _ = test.select() }
    #expect(test.machine.slots.allSatisfy { (95...105).contains($0.inFlight) })
  }
}
