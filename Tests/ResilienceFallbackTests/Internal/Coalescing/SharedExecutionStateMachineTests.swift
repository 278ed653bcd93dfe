import Testing

@testable import ResilienceFallback

@Suite struct SharedExecutionStateMachineTests {
  @Test func callersJoinWhileItIsInProgress() {
    var machine = SharedExecutionStateMachine()
    #expect(machine.callers == 1)
    let joined = machine.join()
    #expect(joined)
    #expect(machine.callers == 2)
  }

  @Test func theLastWhoLeavesIsToldSo() {
    var machine = SharedExecutionStateMachine()
    _ = machine.join()
    let first = machine.leave(isLate: false)
    let second = machine.leave(isLate: false)
    #expect(first == .othersWait)
    #expect(second == .wasLast)
    #expect(machine.phase == .deserted)
  }

  @Test func whatIsDesertedCannotBeJoined() {
    var machine = SharedExecutionStateMachine()
    _ = machine.leave(isLate: false)
    let joined = machine.join()
    #expect(!joined)
  }

  @Test func whatHasEndedCannotBeJoinedAndCannotBeLeft() {
    var machine = SharedExecutionStateMachine()
    machine.end()
    let joined = machine.join()
    let departure = machine.leave(isLate: false)
    #expect(!joined)
    #expect(departure == .hasEnded)
  }
}
