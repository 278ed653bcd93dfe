import ResilienceCore
import Testing

@testable import ResilienceRegistry

@Suite struct BalancerStateMachineTests {
  static let strategies: [BalancingStrategy] = [.roundRobin, .powerOfTwoChoices, .peakEWMA, .consistentHash]

  @Test func nobodyIsPickedWhereNobodyIs() {
    var test = TestMachine(.powerOfTwoChoices)
    #expect(test.pick() == nil)
    test.update([])
    #expect(test.pick() == nil)
  }

  @Test func roundRobinGoesRoundInTheOrderOfTheIDs() {
    var test = TestMachine(.roundRobin, members(["a", "b", "c"]))
    #expect((0..<7).map { _ in test.pick() } == ["a", "b", "c", "a", "b", "c", "a"])
  }

  @Test(arguments: strategies)
  func unhealthyInstancesAreLeftOutUnlessAllAre(strategy: BalancingStrategy) {
    let all = members(["a", "b", "c"], health: .unhealthy)
    var test = TestMachine(strategy, all.with(.unknown, "b").with(.healthy, "c"))
    #expect(Set(test.shares(50).keys) == ["b", "c"])
    test.update(all)
    #expect(Set(test.shares(50).keys) == ["a", "b", "c"])
    #expect(test.machine.isPanicking)
    test.update(all.with(.healthy, "a"))
    #expect(Set(test.shares(50).keys) == ["a"])
    #expect(
      test.events == [
        .panicBegan(service: "inventory", available: 0, instances: 3), .panicEnded(service: "inventory"),
      ])
  }

  @Test func withFewerThanThePanicThresholdAllAreTriedAndAnEventSaysSo() {
    let all = members(numbered(10))
    var test = TestMachine(
      BalancingPolicy(panicThreshold: 0.5), all.with(.unhealthy, "i1000", "i1001", "i1002"))
    test.update(all.with(.unhealthy, "i1000", "i1001", "i1002", "i1003", "i1004"))
    #expect(test.shares(500).count == 5)
    #expect(test.events == [])
    test.update(all.with(.unhealthy, "i1000", "i1001", "i1002", "i1003", "i1004", "i1005"))
    #expect(test.shares(500).count == 10)
    #expect(test.events == [.panicBegan(service: "inventory", available: 4, instances: 10)])
    #expect(
      test.events.first?.description
        == "balancer.panic_began service=inventory available=4 instances=10")
  }

  @Test func twoChoicesAreDistinctAndTheLessLoadedIsTaken() {
    var test = TestMachine(.powerOfTwoChoices, members(["a", "b"]), seed: 4)
    // Of two, both are always compared: the difference never exceeds one.
    for _ in 0..<1000 {
      _ = test.select()
      #expect(abs(test.inFlight("a") - test.inFlight("b")) <= 1)
    }
  }

  @Test func twoChoicesKeepTheLoadOfHeldCallsEven() {
    var test = TestMachine(.powerOfTwoChoices, members(numbered(10)), seed: 7)
    for _ in 0..<10_000 { _ = test.select() }
    // A single random choice ends with about 930 ... 1070; this seed, and two choices, within 5 of 1000.
    #expect(test.machine.slots.allSatisfy { (995...1005).contains($0.inFlight) })
  }

  @Test func idleInstancesAreChosenEvenly() {
    var test = TestMachine(.powerOfTwoChoices, members(["a", "b", "c"]), seed: 7)
    #expect(test.shares(30_000).values.allSatisfy { (9_700...10_300).contains($0) })
  }

  @Test(arguments: strategies)
  func aRetryAvoidsTriedInstancesWhileThereAreOthers(strategy: BalancingStrategy) {
    var test = TestMachine(strategy, members(["a", "b", "c"]), seed: 9)
    for callID in UInt64(1)...200 {
      let tried = (1...3).map { test.pick(callID: callID, attempt: $0) }
      #expect(Set(tried) == ["a", "b", "c"])
      #expect(test.pick(callID: callID, attempt: 4) != nil)
    }
  }

  @Test(arguments: strategies)
  func row77_asManyAttemptsAsThereAreInstancesTryEachOnce(strategy: BalancingStrategy) {
    for count in [6, 20, 200] {
      var test = TestMachine(strategy, members(numbered(count)), seed: 3)
      let tried = (1...count).map { test.pick(callID: 77, attempt: UInt16($0), key: "k") }
      #expect(Set(tried).count == count)
    }
  }

  @Test func countsBelongToTheRegistrationNotToTheID() {
    var test = TestMachine(.roundRobin, members(["b", "c"]))
    let held = test.select()
    test.update(members(["b", "c"]).with(.unhealthy, "b"))
    #expect(held.map { test.machine.slots[$0.slot].inFlight } == 1)
    test.update(members(["b", "c"]).again("b", epoch: 9))
    let later = test.machine.slotsByEpoch[9]
    #expect(later != held?.slot)
    #expect(later.map { test.machine.slots[$0].inFlight } == 0)
    #expect(test.id(held) == "b")
  }

  @Test func aSlotIsNotGivenAwayWhileACallIsInFlight() throws {
    var test = TestMachine(.roundRobin, members(["a"]))
    let selection = test.select()
    let held = try #require(selection)
    test.update(members(["a", "b"]).without("a"))
    #expect(test.id(held) == "a")
    let layout = test.machine.layout
    test.machine.release(held)
    #expect(test.machine.members[held.slot] == nil)
    #expect(test.machine.layout > layout)
    test.update(members(["a", "b", "c"]).without("a"))
    #expect(test.id(held) == "c")
  }

  @Test func aListComparedWithAnotherThanTheLastChangesNothing() throws {
    var test = TestMachine(.roundRobin, members(["a", "b"]))
    let first = test.machine.beginFollowing(draw: 0)
    let roster = try #require(first)
    // While one thread compares, the others go on.
    #expect(test.machine.beginFollowing(draw: 0) == nil)
    let late = roster.update(to: ServiceSnapshot(service: "inventory", version: 2, members: members(["a"])))
    #expect(test.machine.follow(late, at: 0, draw: 0) != nil)
    #expect(test.machine.follow(late, at: 0, draw: 0) == nil)
    #expect(test.machine.listed.count == 1)
  }

  @Test(arguments: strategies)
  func aFirstListThatWasPreparedIsTakenOverOnceAndAsItIs(strategy: BalancingStrategy) throws {
    let policy = BalancingPolicy(strategy)
    var machine = BalancerStateMachine(service: "inventory", policy: policy, tellsFreed: true)
    let roster = machine.beginFollowing(draw: 7)
    let update = try #require(roster).update(
      to: ServiceSnapshot(service: "inventory", version: 3, members: members(["a", "b", "c"])))
    var prepared = [0, 1].map { _ in BalancerStateMachine(service: "inventory", policy: policy) }
    for index in prepared.indices { _ = prepared[index].follow(update, at: 0, draw: 7) }
    let table = machine.table
    let isFirst = machine.begin(as: &prepared[0])
    #expect(isFirst)
    let isSecond = machine.begin(as: &prepared[1])
    #expect(!isSecond)
    #expect(machine.table === table)
    #expect(machine.freed?.isEmpty == true)
    prepared = []
    var test = TestMachine(policy)
    test.machine = machine
    test.plan()
    #expect(Set(test.shares(100, key: { "\($0)" }).keys) == ["a", "b", "c"])
    test.update(members(["a", "b", "c", "d"]).without("b"), version: 4)
    #expect(Set(test.shares(100, key: { "\($0)" }).keys) == ["a", "c", "d"])
    #expect(test.machine.picks == 200)
    #expect(test.machine.freed?.map(\.epoch) == [2])
  }

  @Test(arguments: 0..<20 as Range<UInt64>, [BalancingStrategy.powerOfTwoChoices, .consistentHash])
  func changesByPartsAmountToTheListAsAWhole(seed: UInt64, strategy: BalancingStrategy) {
    let random = SeededRandomSource(seed: seed)
    var test = TestMachine(strategy)
    var list: [ServiceMember] = []
    var held: [Selection] = []
    for step in UInt64(1)...300 {
      let id = "i\(random.next(below: 12))"
      list.removeAll { $0.instance.id == id }
      if random.next(below: 3) > 0 {
        let health: HealthStatus = random.next(below: 4) == 0 ? .unhealthy : .healthy
        let weight = Double(random.next(below: 3))
        list.append(
          ServiceMember(
            instance: ServiceInstance(id: id, service: "inventory", weight: weight), epoch: step,
            health: health))
        list.sort { $0.instance.id < $1.instance.id }
      }
      test.update(list)
      if let selection = test.select() { held.append(selection) }
      if held.count > 5 { test.machine.release(held.remove(at: random.next(below: held.count))) }
      let listed = Set(list.filter { $0.instance.weight > 0 }.map(\.epoch))
      let machine = test.machine
      #expect(Set(machine.listed.slots.map { machine.slots[Int($0)].epoch }) == listed)
      #expect(
        Set(machine.available.slots.map { machine.slots[Int($0)].epoch })
          == Set(list.filter { listed.contains($0.epoch) && $0.isWell }.map(\.epoch)))
      if strategy == .consistentHash { #expect(machine.inFlight == held.count) }
      #expect(machine.slots.reduce(0) { $0 + $1.inFlight } == held.count)
      #expect(machine.members.count { $0 != nil } <= list.count + held.count)
    }
  }
}
