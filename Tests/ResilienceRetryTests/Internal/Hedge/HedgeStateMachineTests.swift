import ResilienceCore
import ResilienceTestSupport
import Testing

@testable import ResilienceRetry

@Suite struct HedgeStateMachineTests {
  private typealias Decision = HedgeStateMachine.Decision

  private func machine(
    maxAttempts: Int = 3, delay: Int64? = 50, typical: Int64 = 0, deadline: Int64? = nil,
    mayRepeat: Bool = true
  ) -> HedgeStateMachine {
    HedgeStateMachine(
      maxAttempts: maxAttempts, delayNanoseconds: delay.map { $0 * 1_000_000 },
      typicalNanoseconds: typical * 1_000_000,
      deadline: deadline.map { Deadline(at: .milliseconds($0)) } ?? .never, mayRepeat: mayRepeat,
      at: .milliseconds(0))
  }

  @Test func eachAttemptBeginsTheDelayAfterTheOneBefore() {
    var machine = machine()
    #expect(machine.decision(at: .milliseconds(49)) == .wait(until: .milliseconds(50)))
    #expect(machine.decision(at: .milliseconds(53)) == .begin)
    let second = machine.begin(at: .milliseconds(53))
    #expect(second == 2)
    #expect(machine.decision(at: .milliseconds(60)) == .wait(until: .milliseconds(103)))
    let third = machine.begin(at: .milliseconds(103))
    #expect(third == 3)
    #expect(machine.decision(at: .milliseconds(1_000)) == .wait(until: nil))
    #expect(machine.running == [.attempt(1), .attempt(2), .attempt(3)])
  }

  @Test func theFirstSuccessIsTheAnswerAndWhoStillRunsHasLost() {
    var machine = machine()
    _ = machine.begin(at: .milliseconds(50))
    _ = machine.begin(at: .milliseconds(100))
    machine.ended(2, .failure, at: .milliseconds(110))
    machine.ended(3, .success, at: .milliseconds(120))
    #expect(machine.decision(at: .milliseconds(120)) == .end)
    machine.ended(1, .success, at: .milliseconds(121))
    #expect(machine.answer == 3)
    #expect(machine.isWon)
    #expect(machine.losers == .attempt(1))
  }

  @Test func afterAFailureTheNextMayBeginAtOnce() {
    var machine = machine()
    machine.ended(1, .failure, at: .milliseconds(7))
    #expect(machine.decision(at: .milliseconds(7)) == .begin)
    _ = machine.begin(at: .milliseconds(7))
    #expect(machine.decision(at: .milliseconds(8)) == .wait(until: .milliseconds(57)))
  }

  @Test func whenAllFailTheFirstIsTheAnswer() {
    var machine = machine(maxAttempts: 2)
    _ = machine.begin(at: .milliseconds(50))
    machine.ended(2, .failure, at: .milliseconds(60))
    #expect(machine.decision(at: .milliseconds(60)) == .wait(until: nil))
    machine.ended(1, .failure, at: .milliseconds(70))
    #expect(machine.decision(at: .milliseconds(70)) == .end)
    #expect(machine.answer == 1)
    #expect(!machine.isWon)
  }

  @Test func aDelayThatIsNotKnownHedgesFailuresOnly() {
    var machine = machine(delay: nil)
    #expect(machine.decision(at: .milliseconds(1_000_000)) == .wait(until: nil))
    machine.ended(1, .failure, at: .milliseconds(7))
    #expect(machine.decision(at: .milliseconds(7)) == .begin)
  }

  /// What an attempt came to, whether a layer of ours refused it, and what follows with another one running.
  @Test(arguments: [
    (Outcome.failure, false, HedgeStateMachine.Decision.begin),
    (.failure(.notProcessed), false, .begin),
    (.failure(.retryAfter(.milliseconds(30))), false, .wait(until: .milliseconds(90))),
    (.failure(.overloaded), false, .wait(until: nil)),
    (.failure(.doNotRetry), false, .end),
    (.neutral, false, .end),
    (.neutral, true, .wait(until: nil)),
    (.success, false, .end),
  ])
  func whatFollowsAnEnding(outcome: Outcome, wasRefused: Bool, decision: HedgeStateMachine.Decision) {
    var machine = machine()
    _ = machine.begin(at: .milliseconds(50))
    machine.ended(2, outcome, wasRefused: wasRefused, at: .milliseconds(60))
    #expect(machine.decision(at: .milliseconds(60)) == decision)
    if decision == .end { #expect(machine.answer == 2) }
  }

  @Test(arguments: [
    (Outcome.failure(.retryAfter(.milliseconds(30))), false), (.failure(.overloaded), false),
    (.neutral, true),
  ])
  func nothingIsWaitedForWhenNothingRuns(outcome: Outcome, wasRefused: Bool) {
    var machine = machine()
    machine.ended(1, outcome, wasRefused: wasRefused, at: .milliseconds(10))
    #expect(machine.decision(at: .milliseconds(10)) == .end)
  }

  @Test func aRefusedAttemptIsTheLast() {
    var machine = machine()
    #expect(machine.decision(at: .milliseconds(50)) == .begin)
    machine.refuse()
    #expect(machine.decision(at: .milliseconds(50)) == .wait(until: nil))
    machine.ended(1, .failure, at: .milliseconds(60))
    #expect(machine.decision(at: .milliseconds(60)) == .end)
  }

  @Test func noAttemptBeginsThatCannotEndBeforeTheDeadline() {
    #expect(machine(deadline: 50).decision(at: .milliseconds(0)) == .wait(until: nil))
    #expect(machine(deadline: 51).decision(at: .milliseconds(0)) == .wait(until: .milliseconds(50)))
    #expect(machine(typical: 10, deadline: 60).decision(at: .milliseconds(0)) == .wait(until: nil))
    #expect(
      machine(typical: 10, deadline: 61).decision(at: .milliseconds(0)) == .wait(until: .milliseconds(50)))
    // Decided late: what was of use at 50 is not at 55.
    #expect(machine(typical: 10, deadline: 61).decision(at: .milliseconds(55)) == .wait(until: nil))
    var failed = machine(typical: 10, deadline: 61)
    failed.ended(1, .failure, at: .milliseconds(51))
    #expect(failed.decision(at: .milliseconds(51)) == .end)
  }

  @Test func whatMustNotBeRepeatedIsBegunAgainOnProofOnly() {
    var machine = machine(mayRepeat: false)
    #expect(machine.decision(at: .milliseconds(60)) == .wait(until: nil))
    machine.ended(1, .failure(.notProcessed), at: .milliseconds(60))
    #expect(machine.decision(at: .milliseconds(60)) == .begin)
    _ = machine.begin(at: .milliseconds(60))
    #expect(machine.decision(at: .milliseconds(200)) == .wait(until: nil))
    machine.ended(2, .failure, at: .milliseconds(200))
    #expect(machine.decision(at: .milliseconds(200)) == .end)
  }

  @Test func afterACancellationNothingBeginsAndOnlyASuccessDecides() {
    var machine = machine()
    _ = machine.begin(at: .milliseconds(50))
    machine.cancel()
    #expect(machine.decision(at: .milliseconds(200)) == .end)
    machine.ended(2, .neutral, at: .milliseconds(200))
    #expect(machine.answer == 1)
    machine.ended(1, .success, at: .milliseconds(201))
    #expect(machine.isWon)
  }

  /// Every sequence of up to six endings and timers: at most `maxAttempts` begin, and it always ends.
  @Test func everySequenceEnds() {
    let endings: [(Outcome, Bool)] = [
      (.success, false), (.failure, false), (.neutral, true), (.neutral, false),
    ]
    var checked = 0
    func explore(_ machine: HedgeStateMachine, _ alive: [Int], _ now: Int64) {
      var machine = machine
      var alive = alive
      checked += 1
      switch machine.decision(at: .milliseconds(now)) {
      case .end:
        return
      case .begin:
        alive.append(machine.begin(at: .milliseconds(now)))
        #expect(machine.begun <= 3)
        explore(machine, alive, now)
      case .wait(let until):
        #expect(machine.running.rawValue.nonzeroBitCount == alive.count && !alive.isEmpty)
        if let until { explore(machine, alive, until.nanoseconds / 1_000_000) }
        for attempt in alive {
          for (outcome, wasRefused) in endings {
            var next = machine
            next.ended(attempt, outcome, wasRefused: wasRefused, at: .milliseconds(now + 1))
            explore(next, alive.filter { $0 != attempt }, now + 1)
          }
        }
      }
    }
    explore(machine(), [1], 0)
    #expect(checked > 200)
  }
}
