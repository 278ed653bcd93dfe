import ResilienceCircuitBreaker
import ResilienceCore
import Testing

@Suite struct CircuitBreakerStateMachineTests {
  typealias Machine = CircuitBreakerStateMachine

  /// Makes a call that ends at once.
  @discardableResult
  private func call(
    _ machine: inout Machine, _ verdict: Verdict, at now: Instant
  ) -> [CircuitBreakerEvent.Kind] {
    let (decision, changes) = machine.admit(at: now)
    guard case .admitted(let token) = decision else { return changes }
    return changes + machine.record(token, verdict, at: now)
  }

  private func token(_ machine: inout Machine, at now: Instant) -> CircuitBreakerToken? {
    guard case .admitted(let token) = machine.admit(at: now).decision else { return nil }
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

  @Test func aHarmlessSuccessIsCountedAndADecisiveOneIsNot() {
    var machine = Machine(.small())
    func countsSuccess(_ generation: UInt64 = 0) -> Bool {
      machine.recordHarmlessSuccess(generation: generation)
    }
    #expect(
      [countsSuccess(), countsSuccess(), countsSuccess(), countsSuccess()] == [true, true, true, false])
    #expect(!countsSuccess(1))
    #expect(machine.windowCalls == 3)
    call(&machine, .success, at: .s(0))
    #expect(countsSuccess())
    #expect(machine.totals.successes == 5)
  }

  @Test func aSuccessfulProbeClosesAndAFailedOneOpensAgain() {
    var machine = Machine(.small())
    for _ in 0..<4 { call(&machine, .failure, at: .s(0)) }
    let early = machine.admit(at: .s(4.999)).decision
    #expect(early == .rejected(retryAt: .s(5)))
    #expect(
      call(&machine, .failure, at: .s(5)) == [.halfOpened, .opened(failures: 1, calls: 1, until: .s(10))])
    #expect(call(&machine, .success, at: .s(10)) == [.halfOpened, .closed])
    #expect(machine.state == .closed)
    #expect(machine.windowCalls == 0)
    #expect(machine.openNanoseconds(at: .s(99)) == 10_000_000_000)
  }

  struct Probes: Sendable {
    let verdicts: [Verdict]
    let state: CircuitBreakerState
  }

  @Test(arguments: [
    Probes(verdicts: [.success, .success], state: .halfOpen),
    Probes(verdicts: [.success, .success, .success], state: .closed),
    Probes(verdicts: [.failure], state: .halfOpen),
    Probes(verdicts: [.failure, .success, .failure], state: .open(until: .s(10))),
    Probes(verdicts: [.failure, .success, .success, .success], state: .closed),
    Probes(verdicts: [.neutral, .failure, .neutral, .success, .failure], state: .open(until: .s(10))),
  ])
  func thePermittedProbesDecideAsSoonAsTheyCan(probes: Probes) {
    var machine = Machine(.small(permits: 4))
    for _ in 0..<4 { call(&machine, .failure, at: .s(0)) }
    for verdict in probes.verdicts { call(&machine, verdict, at: .s(5)) }
    #expect(machine.state == probes.state)
  }

  /// Row 3, for a lease shorter and longer than the open time.
  @Test(arguments: [(lease: 30.0, again: 35.0), (lease: 2.0, again: 10.0)])
  func anExpiredProbeFailsAndTheOpenTimeCountsFromItsAdmission(lease: Double, again: Double) throws {
    var machine = Machine(.small(lease: .seconds(lease)))
    for _ in 0..<4 { call(&machine, .failure, at: .s(0)) }
    let hung = try #require(token(&machine, at: .s(5)))
    #expect(token(&machine, at: .s(4.999 + lease)) == nil)
    #expect(machine.state == .halfOpen)
    var changes = machine.advance(to: .s(5 + lease))
    #expect(changes.prefix(2) == [.probeExpired, .opened(failures: 1, calls: 1, until: .s(again))])
    if again > 5 + lease { #expect(token(&machine, at: .s(again - 0.001)) == nil) }
    let (decision, _) = machine.admit(at: .s(again))
    guard case .admitted = decision else {
      Issue.record("no probe at \(again) s")
      return
    }
    changes = machine.record(hung, .success, at: .s(again))
    #expect(changes == [.staleResult(generation: hung.generation)])
    #expect(machine.probesRunning == 1)
  }

  @Test func oneExpiredProbeOfSeveralIsOneFailure() throws {
    var machine = Machine(.small(permits: 4))
    for _ in 0..<4 { call(&machine, .failure, at: .s(0)) }
    let hung = try #require(token(&machine, at: .s(5)))
    var changes = machine.advance(to: .s(35))
    #expect(changes == [.probeExpired])
    changes = machine.record(hung, .success, at: .s(36))
    #expect(changes == [.staleResult(generation: hung.generation)])
    for _ in 0..<2 { call(&machine, .success, at: .s(36)) }
    #expect(call(&machine, .success, at: .s(36)) == [.closed])
  }

  /// Row 4: whatever happened before, and whatever becomes of the probes, half-open is left after `permits` calls at
  /// the latest one lease apart.
  @Test(arguments: 1...40)
  func row4_halfOpenIsLeftWithinLeaseAndPermits(seed: UInt64) {
    let random = SeededRandomSource(seed: seed)
    let permits = 1 + random.next(below: 4)
    var machine = Machine(.small(permits: permits))
    var (now, held): (Instant, [CircuitBreakerToken]) = (.s(0), [])
    func step(_ machine: inout Machine) {
      now = now.advanced(by: .milliseconds(random.next(below: 4000)))
      if case .admitted(let token) = machine.admit(at: now).decision { held.append(token) }
      while held.count > 8 { held.removeFirst() }
      guard !held.isEmpty, random.next(below: 2) == 0 else { return }
      let token = held.remove(at: random.next(below: held.count))
      let verdicts: [Verdict] = [.success, .failure, .failure, .neutral]
      _ = machine.record(token, verdicts[random.next(below: 4)], at: now)
    }
    for _ in 0..<200 { step(&machine) }
    while machine.state != .halfOpen { step(&machine) }

    // From here on no probe comes back.
    let generation = machine.generation
    for _ in 0..<permits { _ = machine.admit(at: now) }
    _ = machine.advance(to: now.advanced(by: .seconds(30)))
    #expect(machine.generation > generation)
  }

  /// A model with a list of results instead of a ring, and permits counted one by one.
  private struct Model {
    var state = CircuitBreakerState.closed
    var era = 0
    var results: [Bool] = []
    var probes: [Int: Instant] = [:]
    var verdicts: [Bool] = []

    mutating func advance(to now: Instant, permits: Int) {
      while let (id, start) = probes.min(by: { $0.value < $1.value }), start.advanced(by: .seconds(30)) <= now
      {
        probes[id] = nil
        conclude(true, permits, openUntil: start.advanced(by: .seconds(30)))
      }
      if case .open(let until) = state, until <= now { enter(.halfOpen) }
    }

    mutating func conclude(_ failed: Bool, _ permits: Int, openUntil: Instant) {
      verdicts.append(failed)
      let failures = verdicts.count { $0 }
      if 2 * failures >= permits {
        enter(.open(until: openUntil))
      } else if 2 * (permits - (verdicts.count - failures)) < permits {
        enter(.closed)
      }
    }

    mutating func enter(_ state: CircuitBreakerState) {
      self.state = state
      era += 1
      (results, probes, verdicts) = ([], [:], [])
    }
  }

  @Test(arguments: 1...12)
  func agreesWithAModelOnRandomOperations(seed: UInt64) {
    let random = SeededRandomSource(seed: seed)
    let permits = 1 + Int(seed) % 4
    var machine = Machine(.small(permits: permits))
    var model = Model()
    var held: [(token: CircuitBreakerToken, era: Int, probe: Int)] = []
    var (now, nextProbe): (Instant, Int) = (.s(0), 1)
    var stale = 0
    for _ in 0..<5000 {
      now = now.advanced(by: .milliseconds(random.next(below: 1500)))
      model.advance(to: now, permits: permits)
      if held.isEmpty || random.next(below: 2) == 0 {
        let allowed =
          switch model.state {
          case .closed: true
          case .open: false
          case .halfOpen: model.verdicts.count + model.probes.count < permits
          }
        switch machine.admit(at: now).decision {
        case .admitted(let token):
          #expect(allowed)
          if model.state == .halfOpen { model.probes[nextProbe] = now }
          held.append((token, model.era, nextProbe))
          nextProbe += 1
        case .rejected:
          #expect(!allowed)
        }
      } else {
        let (token, era, probe) = held.remove(at: random.next(below: held.count))
        let verdict: Verdict = [.success, .failure, .neutral][random.next(below: 3)]
        _ = machine.record(token, verdict, at: now)
        let isLive = era == model.era && (model.state == .closed || model.probes[probe] != nil)
        if !isLive && verdict != .neutral { stale += 1 }
        if isLive {
          model.probes[probe] = nil
          if verdict != .neutral, model.state == .halfOpen {
            model.conclude(verdict == .failure, permits, openUntil: now.advanced(by: .seconds(5)))
          } else if verdict != .neutral {
            model.results = (model.results + [verdict == .failure]).suffix(4)
            if model.results.count == 4, model.results.count(where: { $0 }) >= 2 {
              model.enter(.open(until: now.advanced(by: .seconds(5))))
            }
          }
        }
      }
      #expect(machine.state == model.state)
      #expect(machine.totals.staleResults == stale)
    }
    #expect(machine.totals.openings > 10)
  }
}
