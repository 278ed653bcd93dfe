import ResilienceCircuitBreaker
import ResilienceCore
import ResilienceTestKit
import ResilienceTestSupport
import Testing

/// Probing by a health check instead of a user's call.
@Suite struct RunProbesTests {
  typealias Machine = CircuitBreakerStateMachine

  private func machine(permits: Int = 1) -> Machine {
    var machine = Machine(.small(permits: permits))
    for _ in 0..<4 {
      guard case .admitted(let token) = machine.admit(at: .s(0), draw: 0).decision else { continue }
      _ = machine.record(token, .failure, at: .s(0), draw: 0)
    }
    return machine
  }

  // MARK: - The state machine

  @Test func aCheckIsTheProbeAndNoCallIs() throws {
    var machine = machine()
    #expect(machine.admitCheck(at: .s(4)).token == nil)
    #expect(machine.admit(at: .s(5), draw: 0).decision == .rejected(retryAt: .s(5)))
    let token = try #require(machine.admitCheck(at: .s(5)).token)
    #expect(machine.admitCheck(at: .s(5)).token == nil)
    _ = machine.record(token, .success, at: .s(6), draw: 0)
    #expect(machine.state == .closed)
    guard case .admitted = machine.admit(at: .s(6), draw: 0).decision else {
      Issue.record("a closed breaker lets calls in")
      return
    }
  }

  /// A check that hangs: its lease ends, and calls are probes again.
  @Test func row3_aCheckThatOutlastsItsLeaseLeavesTheProbesToCalls() throws {
    var machine = machine()
    let hung = try #require(machine.admitCheck(at: .s(5)).token)
    #expect(machine.admit(at: .s(34), draw: 0).decision == .rejected(retryAt: .s(5)))
    // The lease ended at 35 s, and it is half-open again by then.
    guard case .admitted(let token) = machine.admit(at: .s(35), draw: 0).decision else {
      Issue.record("no call was admitted as a probe")
      return
    }
    #expect(token.isProbe)
    _ = machine.record(hung, .success, at: .s(36), draw: 0)
    #expect(machine.state == .halfOpen)
  }

  // MARK: - Running

  /// The service is down for a minute; calls come every 100 ms.
  @Test(arguments: 0..<10 as Range<UInt64>)
  func noCallIsEverAProbeWhileItRunsAndItClosesByTheSameRules(seed: UInt64) throws {
    try Simulation(seed: seed).run { sim in
      let back = sim.now.advanced(by: .seconds(60))
      let breaker = CircuitBreaker("payment", policy: CircuitBreakerPolicy(openTime: .seconds(2)))
      let (failed, refused, checks) = (Counter(), Counter(), Counter())
      try await withThrowingTaskGroup { group in
        group.addTask {
          try await breaker.runProbes {
            checks.increment()
            if sim.now < back { throw Broken() }
          }
        }
        for _ in 0..<700 {
          do {
            try await breaker.run { if sim.now < back { throw Broken() } }
          } catch is CircuitOpen {
            refused.increment()
          } catch {
            failed.increment()
          }
          try await sim.sleep(for: .milliseconds(100))
        }
        group.cancelAll()
        while let result = await group.nextResult() {
          #expect(throws: CancellationError.self) { try result.get() }
        }
      }
      // Those that opened it, and no probe afterwards.
      #expect(failed.count == 20)
      #expect(checks.count > 2 * 25 && checks.count < 2 * 40)
      #expect(breaker.snapshot().state == .closed)
      #expect(refused.count < 620)
    }
  }

  @Test func withoutItCallsAreProbesAgain() throws {
    try Simulation(seed: 1).run { sim in
      let breaker = CircuitBreaker("payment", policy: .small())
      await withTaskGroup { group in
        group.addTask { try? await breaker.runProbes { throw Broken() } }
        breaker.trip(at: sim.now)
        try? await sim.sleep(for: .seconds(6))
        #expect(breaker.rejects(at: sim.now))
        group.cancelAll()
      }
      try await sim.sleep(for: .seconds(60))
      try await breaker.run {}
      #expect(breaker.state(at: sim.now) == .closed)
    }
  }

  /// A refusal, for one, says nothing: it is not asked again at once.
  @Test func aCheckThatSaysNothingIsRepeatedAfterAnOpenTime() throws {
    struct Refused: Rejection { var retryAt: Instant? { nil } }
    try Simulation(seed: 1).run { sim in
      let breaker = CircuitBreaker("payment", policy: .small())
      let checks = Counter()
      await withTaskGroup { group in
        breaker.trip(at: sim.now)
        group.addTask {
          try? await breaker.runProbes {
            checks.increment()
            throw Refused()
          }
        }
        try? await sim.sleep(for: .seconds(26))
        #expect(checks.count == 5)
        #expect(breaker.state(at: sim.now) == .halfOpen)
        group.cancelAll()
      }
    }
  }

  /// With a long open time too nobody is shut out for that long when the opening is made shorter.
  @Test(arguments: 0..<3 as Range<Int>)
  func aShorterOpenTimeIsNoticedWithinASecond(way: Int) throws {
    try Simulation(seed: 1).run { sim in
      func policy(_ openTime: Duration) -> CircuitBreakerPolicy {
        CircuitBreakerPolicy(consecutiveFailures: 4, openTime: openTime)
      }
      let breaker = CircuitBreaker("payment", policy: policy(.seconds(60)))
      await withTaskGroup { group in
        group.addTask { try? await breaker.runProbes {} }
        try? await sim.sleep(for: .seconds(1))
        switch way {
        case 0: breaker.set(.halfOpen)
        case 1: breaker.set(.open(for: .milliseconds(100)))
        default:
          breaker.trip(at: sim.now)
          #expect(breaker.rejects(at: sim.now))
          breaker.update(policy(.milliseconds(100)))
        }
        try? await sim.sleep(for: .seconds(2))
        #expect(breaker.state(at: sim.now) == .closed)
        group.cancelAll()
      }
    }
  }

  /// An update or a hand may change what it waits for.
  @Test func itLooksAgainWithinAnOpenTimeWhateverItWaitsFor() throws {
    try Simulation(seed: 1).run { sim in
      let breaker = CircuitBreaker("payment", policy: .small())
      await withTaskGroup { group in
        breaker.set(.open(for: .seconds(3600)))
        group.addTask { try? await breaker.runProbes {} }
        try? await sim.sleep(for: .seconds(12))
        breaker.set(.halfOpen)
        #expect(breaker.rejects(at: sim.now))
        try? await sim.sleep(for: .seconds(5))
        #expect(breaker.state(at: sim.now) == .closed)
        group.cancelAll()
      }
    }
  }
}
