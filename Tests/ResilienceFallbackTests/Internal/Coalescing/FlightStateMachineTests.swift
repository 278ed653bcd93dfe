import Testing

@testable import ResilienceFallback

@Suite struct FlightStateMachineTests {
  @Test func callersJoinWhileItIsInProgress() {
    var machine = FlightStateMachine()
    #expect(machine.callers == 1)
    let joined = machine.join()
    #expect(joined)
    #expect(machine.callers == 2)
  }

  @Test func theLastWhoLeavesIsToldSo() {
    var machine = FlightStateMachine()
    _ = machine.join()
    let first = machine.leave(isLate: false)
    let second = machine.leave(isLate: false)
    #expect(first == .othersWait)
    #expect(second == .wasLast)
    #expect(machine.phase == .deserted)
  }

  @Test func whatIsDesertedCannotBeJoined() {
    var machine = FlightStateMachine()
    _ = machine.leave(isLate: false)
    let joined = machine.join()
    #expect(!joined)
  }

  @Test func whatHasEndedCannotBeJoinedAndCannotBeLeft() {
    var machine = FlightStateMachine()
    machine.end()
    let joined = machine.join()
    let departure = machine.leave(isLate: false)
    #expect(!joined)
    #expect(departure == .hasEnded)
  }
}
