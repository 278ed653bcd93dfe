import ResilienceRegistry
import Testing

@Suite struct HealthStateMachineTests {
  /// `+` is a check that succeeds, `-` one that fails.
  private func statuses(from status: HealthStatus, _ checks: String) -> [HealthStatus] {
    var machine = HealthStateMachine(rise: 2, fall: 3, status: status)
    return checks.map { check in
      let before = machine.status
      let change = machine.record(succeeded: check == "+")
      #expect(change == (before == machine.status ? nil : machine.status))
      return machine.status
    }
  }

  @Test(
    arguments: [
      (.unknown, "+", .unknown), (.unknown, "++", .healthy), (.unknown, "+-+-+-", .unknown),
      (.unknown, "--", .unknown), (.unknown, "---", .unhealthy), (.unknown, "--+--", .unknown),
      (.healthy, "--", .healthy), (.healthy, "--+--", .healthy), (.healthy, "---", .unhealthy),
      (.unhealthy, "+", .unhealthy), (.unhealthy, "+-+", .unhealthy), (.unhealthy, "++", .healthy),
      (.unhealthy, "++--", .healthy), (.healthy, "---+", .unhealthy), (.healthy, "---++", .healthy),
    ] as [(HealthStatus, String, HealthStatus)])
  func row48_thresholdsHoldFromEveryInitialStatus(
    status: HealthStatus, checks: String, expected: HealthStatus
  ) {
    #expect(statuses(from: status, checks).last == expected)
  }

  @Test func row48_alternatingResultsNeverFlap() {
    for status in [HealthStatus.unknown, .healthy, .unhealthy] {
      let checks = String(repeating: "+-", count: 50)
      #expect(Set(statuses(from: status, checks)) == [status])
    }
  }

  @Test func thresholdsOfOneFollowEveryCheck() {
    var machine = HealthStateMachine(rise: 1, fall: 1)
    #expect(machine.record(succeeded: false) == .unhealthy)
    #expect(machine.record(succeeded: false) == nil)
    #expect(machine.record(succeeded: true) == .healthy)
  }

  @Test func row48_whatWasOnlyAssumedUnhealthyIsHealthyWithTheFirstSuccess() {
    var machine = HealthStateMachine(rise: 3, fall: 2, status: .unhealthy, isInitial: true)
    let assumed = [false, true, false, false].map { machine.record(succeeded: $0) }
    #expect(assumed == [nil, .healthy, nil, .unhealthy])
    // Known by now.
    let known = [true, true, true].map { machine.record(succeeded: $0) }
    #expect(known == [nil, nil, .healthy])
  }

  @Test func row48_aFallThatMayNotBeIsTriedAgainWithTheNextFailure() {
    var machine = HealthStateMachine(rise: 2, fall: 2, status: .healthy)
    let held = (0..<5).map { _ in machine.record(succeeded: false, mayFall: false) }
    #expect(held.allSatisfy { $0 == nil } && !machine.isConfirmed)
    #expect(machine.record(succeeded: false, mayFall: true) == .unhealthy)
    let risen = (0..<4).map { _ in machine.record(succeeded: true, riseFactor: 2) }
    #expect(risen == [nil, nil, nil, .healthy])
    #expect(machine.record(succeeded: true, riseFactor: .max) == nil)
  }
}
