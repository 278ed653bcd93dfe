import ResilienceCircuitBreaker
import ResilienceCore
import ResilienceTestSupport
import Testing

@Suite struct SlowCallTests {
  typealias Machine = CircuitBreakerStateMachine

  /// Slow at 8 s, opens at half of four.
  private func policy(rate: Double = 0.5, permits: Int = 1, failureRate: Double? = 0.5)
    -> CircuitBreakerPolicy
  {
    CircuitBreakerPolicy(
      window: .count(4), failureRate: failureRate, slowCalls: .init(threshold: .seconds(8), rate: rate),
      minimumThroughput: 4, openTime: .seconds(5), maxOpenTime: .seconds(60), openTimeJitter: 0,
      halfOpenPermits: permits)
  }

  private func admit(_ machine: inout Machine, at now: Instant) throws -> CircuitBreakerToken {
    guard case .admitted(let token) = machine.admit(at: now, draw: 0).decision else { throw Broken() }
    return token
  }

  @discardableResult
  private func call(
    _ machine: inout Machine, from start: Double, to end: Double, _ verdict: Verdict = .success
  ) throws -> [CircuitBreakerEvent.Kind] {
    let token = try admit(&machine, at: .s(start))
    return machine.record(token, verdict, at: .s(end), draw: 0)
  }

  @Test func slowSuccessesOpen() throws {
    var machine = Machine(policy())
    for start in [0.0, 10] { try call(&machine, from: start, to: start + 8) }
    try call(&machine, from: 20, to: 27.999)
    #expect(machine.windowSlow == 2)
    let changes = try call(&machine, from: 30, to: 31)
    #expect(
      changes == [.opened(reason: .slowCallRate, failures: 0, slow: 2, calls: 4, until: .s(36))])
  }

  @Test func neitherIsDefinedBelowTheMinimumThroughput() throws {
    var machine = Machine(policy())
    for start in [0.0, 10, 20] { try call(&machine, from: start, to: start + 9, .failure) }
    #expect(machine.windowFailureRate == nil)
    #expect(machine.slowCallRate == nil)
    #expect(machine.state == .closed)
  }

  /// Nothing has come back, and nothing comes back: the next call finds the breaker open since it was
  /// certain.
  @Test func callsThatHangOpenWithoutAnyResult() throws {
    var machine = Machine(policy(rate: 1))
    for start in [0.0, 0.2, 0.4, 1.5] { _ = try admit(&machine, at: .s(start)) }
    // Three began in the first second, and are overdue with its end; the fourth makes up the minimum.
    _ = machine.advance(to: .s(9))
    #expect((machine.overdueCalls, machine.state) == (3, .closed))
    let changes = machine.advance(to: .s(12))
    #expect(
      changes == [.opened(reason: .slowCallRate, failures: 0, slow: 4, calls: 4, until: .s(15))])
    #expect(machine.state == .open(until: .s(15)))
  }

  @Test func aCallThatRunsPastTheThresholdCountsOnce() throws {
    var machine = Machine(policy(rate: 1))
    let slow = try admit(&machine, at: .s(0))
    for start in [1.0, 2] { try call(&machine, from: start, to: start + 1) }
    _ = machine.advance(to: .s(9))
    #expect((machine.windowCalls, machine.windowSlow, machine.overdueCalls) == (2, 0, 1))
    _ = machine.record(slow, .success, at: .s(10), draw: 0)
    #expect((machine.windowCalls, machine.windowSlow, machine.overdueCalls) == (3, 1, 0))
    try call(&machine, from: 10, to: 11)
    #expect(machine.slowCallRate == 0.25)
  }

  @Test func aCancelledOrDroppedCallIsForgotten() throws {
    var machine = Machine(policy(rate: 1))
    let tokens = try (0..<3).map { try admit(&machine, at: .s(Double($0) / 10)) }
    _ = machine.advance(to: .s(9))
    #expect(machine.overdueCalls == 3)
    _ = machine.record(tokens[0], .neutral, at: .s(9), draw: 0)
    machine.abandon(tokens[1])
    #expect((machine.overdueCalls, machine.windowCalls) == (1, 0))
  }

  @Test func aSlowProbeOpensAgain() throws {
    var machine = Machine(policy(rate: 1))
    for start in [0.0, 1, 2, 3] { try call(&machine, from: start, to: start, .failure) }
    let probe = try admit(&machine, at: .s(8))
    // Certain before the probe has come back.
    let changes = machine.advance(to: .s(16))
    #expect(changes == [.opened(reason: .probes, failures: 0, slow: 1, calls: 0, until: .s(26))])
    let late = machine.record(probe, .success, at: .s(17), draw: 0)
    #expect(late == [.staleResult(generation: probe.generation)])
  }

  @Test func ofSeveralProbesTheRateDecides() throws {
    var machine = Machine(policy(rate: 0.6, permits: 3))
    for start in [0.0, 1, 2, 3] { try call(&machine, from: start, to: start, .failure) }
    let probes = try (0..<3).map { _ in try admit(&machine, at: .s(8)) }
    _ = machine.record(probes[0], .success, at: .s(9), draw: 0)
    _ = machine.record(probes[1], .success, at: .s(10), draw: 0)
    // At most one of three can be slow any more.
    #expect(machine.state == .closed)
  }

  @Test func withoutTheCriterionNoCallIsTimed() throws {
    var machine = Machine(.small())
    let token = try admit(&machine, at: .s(0))
    #expect(token.start == Instant(nanoseconds: 0))
    #expect(token.word.admitsFreely)
    _ = machine.record(token, .success, at: .s(1000), draw: 0)
    #expect(machine.slowCallRate == nil)
  }

  /// Whether somebody looks in between makes no difference.
  @Test(arguments: 1...30)
  func row13_lookingChangesNothing(seed: UInt64) {
    var watched = Machine(policy(permits: 2))
    var alone = Machine(policy(permits: 2))
    let random = SeededRandomSource(seed: seed)
    var now = Instant.s(0)
    var held: [(CircuitBreakerToken, CircuitBreakerToken)] = []
    var isSame = true
    for _ in 0..<2000 {
      for _ in 0..<3 {
        now = now.advanced(by: .milliseconds(random.next(below: 900)))
        _ = watched.advance(to: now)
      }
      if random.next(below: 3) > 0 {
        switch (watched.admit(at: now, draw: 0).decision, alone.admit(at: now, draw: 0).decision) {
        case (.admitted(let first), .admitted(let second)): held.append((first, second))
        case (.rejected(let first), .rejected(let second)): isSame = isSame && first == second
        default: isSame = false
        }
      } else if !held.isEmpty {
        let (first, second) = held.remove(at: random.next(below: held.count))
        let verdict: Verdict = [.success, .failure, .neutral][random.next(below: 3)]
        _ = watched.record(first, verdict, at: now, draw: 0)
        _ = alone.record(second, verdict, at: now, draw: 0)
      } else {
        // Nobody told the other that time has passed.
        continue
      }
      isSame = isSame && watched.state == alone.state && watched.openings == alone.openings
    }
    #expect(isSame)
    let openings = alone.openings
    #expect(openings > 5)
  }
}
