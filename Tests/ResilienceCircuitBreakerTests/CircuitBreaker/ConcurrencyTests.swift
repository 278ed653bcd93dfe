import ResilienceCircuitBreaker
import ResilienceCore
import ResilienceTestKit
import ResilienceTestSupport
import Testing

@Suite struct ConcurrencyTests {
  /// Three callers at the instant at which the breaker becomes half-open, in every order in which they can
  /// get ahead of each other.
  @Test(arguments: [1, 2])
  func row5_inEveryInterleavingExactlyThePermitsAreAdmitted(permits: Int) throws {
    let exploration = try Simulation.exploreEveryInterleaving(limit: 20_000) { simulation in
      let breaker = CircuitBreaker("payment", policy: .small(permits: permits))
      breaker.trip(at: simulation.now)
      let admitted = Log<Int>()
      let call = ServiceCall { (caller: Int) in
        admitted.append(caller)
        try await simulation.sleep(for: .seconds(1))
      }.circuitBreaker(breaker)
      try await simulation.sleep(for: .seconds(5))
      await withDiscardingTaskGroup { group in
        for caller in 0..<3 { group.addTask { try? await call(caller) } }
      }
      try simulation.require(admitted.entries.count == permits, "admitted \(admitted.entries)")
      try simulation.require(breaker.state(at: simulation.now) == .closed, "it did not close")
    }
    #expect(exploration.isComplete)
    #expect(exploration.runs > 5)
  }

  @Test func row5_threadsAtTheTransitionAdmitExactlyThePermits() async {
    for round in 0..<50 {
      let breaker = CircuitBreaker("payment", policy: .small(permits: 3))
      breaker.trip(at: .s(0))
      let admitted = await withTaskGroup { group in
        for _ in 0..<16 {
          group.addTask { @concurrent () -> HeldPermit? in
            switch breaker.admit(at: .s(5)) {
            case .admitted(let permit): HeldPermit(permit)
            case .rejected: nil
            }
          }
        }
        var held: [HeldPermit] = []
        for await permit in group { if let permit { held.append(permit) } }
        return held.count
      }
      #expect(admitted == 3, "round \(round)")
    }
  }

  /// Successes are counted without the lock: none is lost, and none is counted twice, whatever happens
  /// meanwhile.
  @Test func everyResultIsCountedOnceWhileTheBreakerOpensAndCloses() async {
    let log = Log<CircuitBreakerEvent.Kind>()
    let breaker = CircuitBreaker("payment", policy: .small(permits: 2), onEvent: { log.append($0.kind) })
    let (tasks, calls) = (8, 4000)
    let ended = await withTaskGroup { group in
      for task in 0..<tasks {
        group.addTask { @concurrent in
          var ended = 0
          for call in 0..<calls {
            let now = Instant(nanoseconds: Int64(call) * 10_000_000)
            if breaker.call((call + task) % 97 < 6 ? .failure : .success, at: now) { ended += 1 }
          }
          return ended
        }
      }
      return await group.reduce(0, +)
    }
    let snapshot = breaker.snapshot(at: .s(1000))
    #expect(snapshot.successes + snapshot.failures + snapshot.staleResults == ended)
    #expect(snapshot.rejections + ended == tasks * calls)
    let kinds = log.entries
    #expect(kinds.count { if case .opened = $0 { true } else { false } } == snapshot.openings)
    #expect(kinds.count { if case .staleResult = $0 { true } else { false } } == snapshot.staleResults)
    #expect(transitionsAlternate(kinds))
  }

  /// Opened, half-opened, then closed or opened again, and so on.
  private func transitionsAlternate(_ kinds: [CircuitBreakerEvent.Kind]) -> Bool {
    var state = 0
    for kind in kinds {
      switch (kind, state) {
      case (.opened, 0), (.opened, 2): state = 1
      case (.halfOpened, 1): state = 2
      case (.closed, 2): state = 0
      case (.staleResult, _), (.probeExpired, 2): break
      default: return false
      }
    }
    return true
  }
}
