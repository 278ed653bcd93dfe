import ResilienceCircuitBreaker
import ResilienceCore
import ResilienceTestSupport
import Testing

@Suite struct RampTests {
  typealias Machine = CircuitBreakerStateMachine

  private static let policy = CircuitBreakerPolicy(
    window: .count(100), minimumThroughput: 4, openTime: .seconds(5), maxOpenTime: .seconds(60),
    openTimeJitter: 0, halfOpenPermits: 1, rampTime: .seconds(100))

  /// Recovering from second 5 on.
  private func recovering() -> Machine {
    var machine = Machine(Self.policy)
    for _ in 0..<4 { call(&machine, .failure, at: .s(0)) }
    let changes = call(&machine, .success, at: .s(5))
    #expect(changes == [.halfOpened, .recovering(until: .s(105))])
    return machine
  }

  @discardableResult
  private func call(
    _ machine: inout Machine, _ verdict: Verdict, at now: Instant
  ) -> [CircuitBreakerEvent.Kind] {
    let (decision, changes) = machine.admit(at: now, draw: 0)
    guard case .admitted(let token) = decision else { return changes }
    return changes + machine.record(token, verdict, at: now, draw: 0)
  }

  @Test func theAdmittedShareGrowsFromATenthToAll() {
    var machine = recovering()
    var admitted: [Int] = []
    for tenth in 0..<10 {
      let before = machine.successes
      for call in 0..<100 {
        self.call(&machine, .success, at: .s(5 + Double(tenth) * 10 + Double(call) / 10))
      }
      admitted.append(machine.successes - before)
    }
    // The exact shares, as no chance is in it: 10 % + 9 % per tenth, and 4.5 % on average within one.
    #expect(admitted == [15, 23, 33, 41, 51, 59, 69, 77, 87, 95])
    #expect(machine.share(at: .s(105)) == 1)
    let changes = machine.advance(to: .s(105))
    #expect(changes == [.closed])
    #expect(machine.state == .closed)
  }

  @Test func theFirstCallIsAdmittedAndARejectionKnowsNoInstant() {
    var machine = recovering()
    guard case .admitted = machine.admit(at: .s(5), draw: 0).decision else {
      Issue.record("the first call was rejected")
      return
    }
    let second = machine.admit(at: .s(5), draw: 0).decision
    #expect(second == .rejected(retryAt: nil))
  }

  @Test func failuresDuringTheRampOpenAgain() {
    var machine = recovering()
    var now = Instant.s(80)
    while machine.state == .recovering(until: .s(105)) {
      call(&machine, .failure, at: now)
      now = now.advanced(by: .seconds(1))
    }
    #expect(machine.state == .open(until: now.advanced(by: .seconds(9))))
    #expect(machine.reopenings == 1)
  }

  @Test func resultsOfTheRampCountOnWhenItEnds() {
    var machine = recovering()
    guard case .admitted(let token) = machine.admit(at: .s(50), draw: 0).decision else {
      Issue.record("not admitted")
      return
    }
    _ = machine.advance(to: .s(105))
    let changes = machine.record(token, .failure, at: .s(106), draw: 0)
    #expect(changes == [])
    #expect(machine.windowFailures == 1)
  }
}
