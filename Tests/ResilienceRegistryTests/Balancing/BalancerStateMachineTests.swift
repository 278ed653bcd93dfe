import ResilienceCore
import Testing

@testable import ResilienceRegistry

@Suite struct BalancerStateMachineTests {
  private func snapshot(_ version: UInt64, _ members: (String, UInt64, HealthStatus)...) -> ServiceSnapshot {
    ServiceSnapshot(
      service: "inventory", version: version,
      members: members.map { ServiceMember(instance: instance($0), epoch: $1, health: $2) })
  }

  private func machine(
    _ strategy: BalancingStrategy, _ snapshot: ServiceSnapshot
  ) -> BalancerStateMachine {
    var machine = BalancerStateMachine(strategy: strategy)
    machine.update(snapshot)
    return machine
  }

  private func id(_ machine: BalancerStateMachine, _ selection: Selection?) -> String? {
    selection.flatMap { machine.members[$0.slot]?.instance.id }
  }

  @Test func nobodyIsPickedWhereNobodyIs() {
    var machine = BalancerStateMachine(strategy: .powerOfTwoChoices)
    #expect(machine.select(callID: 0, draw: 5) == nil)
    machine.update(snapshot(1))
    #expect(machine.select(callID: 0, draw: 5) == nil)
  }

  @Test func roundRobinGoesRoundInTheOrderOfTheIDs() {
    var machine = machine(
      .roundRobin, snapshot(3, ("a", 3, .healthy), ("b", 1, .unknown), ("c", 2, .healthy)))
    let picked = (0..<7).map { _ in id(machine, machine.select(callID: 0, draw: 0)) }
    #expect(picked == ["a", "b", "c", "a", "b", "c", "a"])
  }

  @Test(arguments: [BalancingStrategy.roundRobin, .powerOfTwoChoices])
  func unhealthyInstancesAreLeftOutUnlessAllAre(strategy: BalancingStrategy) {
    let random = SeededRandomSource(seed: 1)
    var machine = machine(strategy, snapshot(3, ("a", 1, .unhealthy), ("b", 2, .unknown), ("c", 3, .healthy)))
    func picked() -> Set<String?> {
      Set((0..<50).map { _ in id(machine, machine.select(callID: 0, draw: random.next())) })
    }
    #expect(picked() == ["b", "c"])
    machine.update(snapshot(4, ("a", 1, .unhealthy), ("b", 2, .unhealthy), ("c", 3, .unhealthy)))
    #expect(picked() == ["a", "b", "c"])
    #expect(machine.isPanicking)
    machine.update(snapshot(5, ("a", 1, .healthy), ("b", 2, .unhealthy), ("c", 3, .unhealthy)))
    #expect(picked() == ["a"])
  }

  @Test func twoChoicesAreDistinctAndTheLessLoadedIsTaken() {
    var machine = machine(.powerOfTwoChoices, snapshot(2, ("a", 1, .healthy), ("b", 2, .healthy)))
    let random = SeededRandomSource(seed: 4)
    // Of two, both are always compared: the difference never exceeds one.
    for _ in 0..<1000 {
      _ = machine.select(callID: 0, draw: random.next())
      #expect(abs(machine.inFlight[0] - machine.inFlight[1]) <= 1)
    }
  }

  @Test func twoChoicesKeepTheLoadOfHeldCallsEven() {
    let ids = (0..<10).map { ("i\($0)", UInt64($0 + 1), HealthStatus.healthy) }
    var machine = BalancerStateMachine(strategy: .powerOfTwoChoices)
    machine.update(
      ServiceSnapshot(
        service: "inventory", version: 10,
        members: ids.map { ServiceMember(instance: instance($0), epoch: $1, health: $2) }))
    let random = SeededRandomSource(seed: 7)
    for _ in 0..<10_000 { _ = machine.select(callID: 0, draw: random.next()) }
    // A single random choice ends with about 930 ... 1070; this seed, and two choices, within 5 of 1000.
    #expect(machine.inFlight.allSatisfy { (995...1005).contains($0) })
  }

  @Test func idleInstancesAreChosenEvenly() {
    var machine = machine(
      .powerOfTwoChoices, snapshot(3, ("a", 1, .healthy), ("b", 2, .healthy), ("c", 3, .healthy)))
    let random = SeededRandomSource(seed: 7)
    var counts = [0, 0, 0]
    for _ in 0..<30_000 {
      guard let selection = machine.select(callID: 0, draw: random.next()) else { return }
      counts[selection.slot] += 1
      machine.release(selection.slot)
    }
    #expect(counts.allSatisfy { (9_700...10_300).contains($0) })
  }

  @Test(arguments: [BalancingStrategy.roundRobin, .powerOfTwoChoices])
  func aRetryAvoidsTriedInstancesWhileThereAreOthers(strategy: BalancingStrategy) {
    var machine = machine(
      strategy, snapshot(3, ("a", 1, .healthy), ("b", 2, .healthy), ("c", 3, .healthy)))
    let random = SeededRandomSource(seed: 9)
    for callID in UInt64(1)...200 {
      let tried = (1...3).map { _ in
        id(machine, machine.select(callID: callID, draw: random.next()))
      }
      #expect(Set(tried) == ["a", "b", "c"])
      #expect(machine.select(callID: callID, draw: random.next()) != nil)
    }
  }

  @Test func countsAreCarriedOverByID() {
    var machine = machine(.roundRobin, snapshot(2, ("b", 1, .healthy), ("c", 2, .healthy)))
    let first = machine.select(callID: 0, draw: 0)
    machine.update(snapshot(3, ("a", 3, .healthy), ("b", 1, .unhealthy), ("c", 2, .healthy)))
    #expect(id(machine, first) == "b")
    machine.update(snapshot(4, ("b", 4, .healthy)))
    #expect(id(machine, first) == "b")
    #expect(first.map { machine.inFlight[$0.slot] } == 1)
  }

  @Test func aSlotIsNotGivenAwayWhileACallIsInFlight() {
    var machine = machine(.roundRobin, snapshot(1, ("a", 1, .healthy)))
    guard let held = machine.select(callID: 0, draw: 0) else {
      Issue.record("nothing was picked")
      return
    }
    machine.update(snapshot(3, ("b", 3, .healthy)))
    #expect(id(machine, held) == "a")
    let layout = machine.layout
    machine.release(held.slot)
    #expect(machine.members[held.slot] == nil)
    #expect(machine.layout > layout)
    machine.update(snapshot(4, ("b", 3, .healthy), ("c", 4, .healthy)))
    #expect(id(machine, held) == "c")
  }

  @Test func anOlderSnapshotChangesNothing() {
    var machine = machine(.roundRobin, snapshot(2, ("a", 1, .healthy), ("b", 2, .healthy)))
    machine.update(snapshot(1, ("a", 1, .healthy)))
    #expect(machine.members.count == 2)
    #expect(machine.version == 2)
  }
}
