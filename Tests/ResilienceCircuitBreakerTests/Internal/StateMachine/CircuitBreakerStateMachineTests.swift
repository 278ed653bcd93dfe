import ResilienceCircuitBreaker
import ResilienceCore
import ResilienceTestSupport
import Testing

@Suite struct CircuitBreakerStateMachineTests {
  typealias Machine = CircuitBreakerStateMachine

  /// Makes a call that ends at once.
  @discardableResult
  private func call(
    _ machine: inout Machine, _ verdict: Verdict, at now: Instant
  ) -> [CircuitBreakerEvent.Kind] {
    let (decision, changes) = machine.admit(at: now, draw: 0)
    guard case .admitted(let token) = decision else { return changes }
    return changes + machine.record(token, verdict, at: now, draw: 0)
  }

  private func token(_ machine: inout Machine, at now: Instant) -> CircuitBreakerToken? {
    guard case .admitted(let token) = machine.admit(at: now, draw: 0).decision else { return nil }
    return token
  }

  struct Trip: CustomTestStringConvertible, Sendable {
    let verdicts: [Verdict]
    let opens: Bool
    var testDescription: String {
      verdicts.map { ["+", "-", "o"][Int($0.rawValue)] }.joined() + " \(opens)"
    }
  }

  @Test(arguments: [
    Trip(verdicts: [.failure, .failure, .failure], opens: false),
    Trip(verdicts: [.failure, .failure, .failure, .failure], opens: true),
    Trip(verdicts: [.success, .success, .success, .failure], opens: false),
    Trip(verdicts: [.success, .success, .failure, .failure], opens: true),
    // The rate is defined with the fourth result, whatever it is.
    Trip(verdicts: [.failure, .failure, .success, .success], opens: true),
    Trip(verdicts: [.failure, .neutral, .neutral, .failure, .success], opens: false),
    Trip(verdicts: [.failure, .success, .success, .success, .failure], opens: false),
    Trip(verdicts: [.failure, .success, .success, .success, .failure, .failure], opens: true),
  ])
  func opensAtTheFailureRateOfTheWindow(trip: Trip) {
    var machine = Machine(.small())
    var changes: [CircuitBreakerEvent.Kind] = []
    for verdict in trip.verdicts { changes += call(&machine, verdict, at: .s(1)) }
    #expect((machine.state == .open(until: .s(6))) == trip.opens)
    #expect(changes.isEmpty != trip.opens)
  }

  @Test func theWordTakesSuccessesWhileNoneCanChangeAnything() {
    var machine = Machine(.small())
    func takesSuccess() -> Bool { machine.word.addingSuccess(ofCallAdmittedAs: machine.word) != nil }
    // Nothing failed yet: any number of successes is harmless, and takes no memory.
    #expect(takesSuccess())
    machine.count(successes: 9)
    #expect(machine.windowCalls == 4)
    call(&machine, .failure, at: .s(0))
    #expect(takesSuccess())
    call(&machine, .failure, at: .s(0))
    call(&machine, .success, at: .s(5))
    #expect(machine.windowCalls == 0)
    // One failure, and the rate is not defined yet: a success may make it so.
    call(&machine, .failure, at: .s(5))
    #expect(!takesSuccess())
    for _ in 0..<3 { call(&machine, .success, at: .s(5)) }
    #expect(takesSuccess())
    #expect(machine.successes == 13)
  }

  @Test func aWordTakesNoSuccessOfAnotherGenerationAndNotMoreThanItHasRoomFor() {
    var machine = Machine(.small())
    let before = machine.word
    for _ in 0..<4 { call(&machine, .failure, at: .s(0)) }
    #expect(machine.word.addingSuccess(ofCallAdmittedAs: before) == nil)
    call(&machine, .success, at: .s(5))
    #expect(machine.word.addingSuccess(ofCallAdmittedAs: before) == nil)
    var word = machine.word
    word.rawValue += 1 << 31 - 1
    let last = word.addingSuccess(ofCallAdmittedAs: machine.word)
    #expect(last?.pendingSuccesses == 1 << 31)
    #expect(last?.addingSuccess(ofCallAdmittedAs: machine.word) == nil)
  }

  @Test func aSuccessfulProbeClosesAndAFailedOneOpensAgain() {
    var machine = Machine(.small())
    for _ in 0..<4 { call(&machine, .failure, at: .s(0)) }
    let early = machine.admit(at: .s(4.999), draw: 0).decision
    #expect(early == .rejected(retryAt: .s(5)))
    #expect(
      call(&machine, .failure, at: .s(5)) == [
        .halfOpened, .opened(reason: .probes, failures: 1, slow: 0, calls: 1, until: .s(15)),
      ])
    #expect(call(&machine, .success, at: .s(15)) == [.halfOpened, .closed])
    #expect(machine.state == .closed)
    #expect(machine.windowCalls == 0)
    #expect(machine.openNanoseconds(at: .s(99)) == 15_000_000_000)
  }

  struct Probes: Sendable {
    let verdicts: [Verdict]
    let state: CircuitBreakerState
  }

  @Test(arguments: [
    Probes(verdicts: [.success, .success], state: .halfOpen),
    Probes(verdicts: [.success, .success, .success], state: .closed),
    Probes(verdicts: [.failure], state: .halfOpen),
    Probes(verdicts: [.failure, .success, .failure], state: .open(until: .s(15))),
    Probes(verdicts: [.failure, .success, .success, .success], state: .closed),
    Probes(verdicts: [.neutral, .failure, .neutral, .success, .failure], state: .open(until: .s(15))),
  ])
  func thePermittedProbesDecideAsSoonAsTheyCan(probes: Probes) {
    var machine = Machine(.small(permits: 4))
    for _ in 0..<4 { call(&machine, .failure, at: .s(0)) }
    for verdict in probes.verdicts { call(&machine, verdict, at: .s(5)) }
    #expect(machine.state == probes.state)
  }

  /// Row 3, for a lease shorter and longer than the open time.
  @Test(arguments: [(lease: 30.0, again: 35.0), (lease: 2.0, again: 15.0)])
  func anExpiredProbeFailsAndTheOpenTimeCountsFromItsAdmission(lease: Double, again: Double) throws {
    var machine = Machine(.small(lease: .seconds(lease)))
    for _ in 0..<4 { call(&machine, .failure, at: .s(0)) }
    let hung = try #require(token(&machine, at: .s(5)))
    #expect(token(&machine, at: .s(4.999 + lease)) == nil)
    #expect(machine.state == .halfOpen)
    var changes = machine.advance(to: .s(5 + lease))
    #expect(
      changes.prefix(2) == [
        .probeExpired, .opened(reason: .probes, failures: 1, slow: 0, calls: 1, until: .s(again)),
      ])
    if again > 5 + lease { #expect(token(&machine, at: .s(again - 0.001)) == nil) }
    let (decision, _) = machine.admit(at: .s(again), draw: 0)
    guard case .admitted = decision else {
      Issue.record("no probe at \(again) s")
      return
    }
    changes = machine.record(hung, .success, at: .s(again), draw: 0)
    #expect(changes == [.staleResult(generation: hung.generation)])
    #expect(machine.probesRunning == 1)
  }

  @Test func oneExpiredProbeOfSeveralIsOneFailure() throws {
    var machine = Machine(.small(permits: 4))
    for _ in 0..<4 { call(&machine, .failure, at: .s(0)) }
    let hung = try #require(token(&machine, at: .s(5)))
    var changes = machine.advance(to: .s(35))
    #expect(changes == [.probeExpired])
    changes = machine.record(hung, .success, at: .s(36), draw: 0)
    #expect(changes == [.staleResult(generation: hung.generation)])
    for _ in 0..<2 { call(&machine, .success, at: .s(36)) }
    #expect(call(&machine, .success, at: .s(36)) == [.closed])
  }
}
