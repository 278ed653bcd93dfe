import ResilienceCore
import Testing

@testable import ResilienceRegistry

private let second: Int64 = 1_000_000_000

/// How long an ejection lasts, and how many there may be.
@Suite struct EjectionTests {
  private func ejected(_ test: inout TestMachine, _ id: String) -> Bool {
    // Others come between, and are fine.
    for _ in 0..<1000 where !test.ejected.contains(id) {
      guard let selection = test.select() else { return false }
      if test.id(selection) == id { test.record(false, selection) }
      test.machine.release(selection)
    }
    return test.ejected.contains(id)
  }

  @Test func failuresInARowEjectAtOnceAndASuccessBetweenThemDoesNot() throws {
    var test = TestMachine(BalancingPolicy(.roundRobin, outliers: OutlierPolicy()), members(["a", "b"]))
    for succeeded in [false, false, false, false, true, false, false, false, false] {
      let picked = test.select()
      let a = try #require(picked)
      test.record(succeeded, a)
      test.machine.release(a)
      _ = test.call()
    }
    #expect(test.ejected == [])
    let picked = test.select()
    let a = try #require(picked)
    test.record(false, a)
    test.machine.release(a)
    #expect(test.ejected == ["a"])
    #expect(test.shares(100) == ["b": 100])
    #expect(
      test.events.map(\.description) == [
        "balancer.ejected service=inventory instance=a reason=5 failures in a row ejected_seconds=30.0"
      ])
  }

  @Test func theTimeGrowsWithEachEjectionAndShrinksWithEachSweepThatIsPassed() {
    let policy = OutlierPolicy(maxEjectionTime: .seconds(100))
    var test = TestMachine(BalancingPolicy(outliers: policy), members(["a", "b", "c"]))
    func lasts() -> Int64 {
      let start = test.now
      while test.ejected.contains("a") {
        test.now += second
        test.sweep()
      }
      return (test.now - start) / second
    }
    // Sweeps are every 10 s, and whoever is ejected comes back at one.
    #expect(ejected(&test, "a"))
    #expect(lasts() == 30)
    #expect(ejected(&test, "a"))
    #expect(lasts() == 60)
    #expect(ejected(&test, "a"))
    #expect(lasts() == 90)
    #expect(ejected(&test, "a"))
    #expect(lasts() == 100)
    // The sweep of its return, and then three that it gets through: one ejection is left, and the next is the
    // second.
    for _ in 0..<3 {
      test.now += 10 * second
      test.sweep()
    }
    #expect(ejected(&test, "a"))
    #expect(lasts() == 60)
  }

  @Test(arguments: [(0.0, false), (0.1, true), (0.1, false), (0.34, false), (0.5, true), (1, false)])
  func row45_neverIsALargerShareEjectedWhateverFailsAndWhoeverLeaves(share: Double, one: Bool) {
    for seed in UInt64(0)..<30 {
      let random = SeededRandomSource(seed: seed)
      let policy = OutlierPolicy(
        maxEjectedShare: share, alwaysEjectsOne: one, consecutiveFailures: 2,
        failureRate: OutlierPolicy.FailureRate(minimumInstances: 1, minimumCalls: 3))
      var list = members(numbered(1 + random.next(below: 12)))
      var test = TestMachine(BalancingPolicy(outliers: policy), list, seed: seed)
      var epoch: UInt64 = 100
      for _ in 0..<400 {
        test.now += Int64(random.next(below: 2)) * second
        if random.next(below: 30) == 0 {
          epoch += 1
          if list.isEmpty || random.next(below: 2) == 0 {
            list.append(
              ServiceMember(instance: instance("i\(epoch)"), epoch: epoch, health: .healthy))
          } else {
            list.remove(at: random.next(below: list.count))
          }
          test.update(list, version: epoch)
        }
        guard let selection = test.select() else { continue }
        test.record(random.next(below: 3) == 0, selection)
        test.machine.release(selection)
        let most = max(Double(list.count) * share + 1e-9, one && list.count > 1 ? 1 : 0)
        #expect(Double(test.machine.ejected.count) <= most)
        #expect(test.machine.available.count == list.count - test.machine.ejected.count)
        #expect(list.isEmpty || test.machine.available.count > 0 || test.machine.isPanicking)
      }
    }
  }

  @Test func theOnlyInstanceIsNotEjectedByTheRuleOfOne() {
    var test = TestMachine(BalancingPolicy(outliers: OutlierPolicy()), members(["a"]))
    #expect(!ejected(&test, "a"))
  }

  @Test func anEjectionBelongsToTheRegistration() {
    var test = TestMachine(BalancingPolicy(outliers: OutlierPolicy()), members(["a", "b"]))
    #expect(ejected(&test, "a"))
    test.update(members(["a", "b"]).again("a", epoch: 7))
    #expect(test.ejected == [])
    #expect(Set(test.shares(50).keys) == ["a", "b"])
  }

  @Test func aSweepEjectsByRateAndCountsAnew() {
    var test = TestMachine(BalancingPolicy(.roundRobin, outliers: OutlierPolicy()), members(numbered(10)))
    func calls(_ count: Int) {
      for number in 0..<count {
        guard let selection = test.select() else { return }
        // Two of three fail, never five in a row.
        test.record(test.id(selection) != "i1000" || (number / 10) % 3 == 0, selection)
        test.machine.release(selection)
      }
    }
    calls(1000)
    #expect(test.ejected == [])
    test.now += 10 * second
    test.sweep()
    #expect(test.ejected == ["i1000"])
    guard case .ejected(let instance, .successRate, for: .seconds(30)) = test.events.first else {
      Issue.record("\(test.events)")
      return
    }
    #expect(instance.id == "i1000")
    test.now += 30 * second
    test.sweep()
    #expect(test.events.last == .returned(instance))
  }
}
