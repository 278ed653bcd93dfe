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
}
