import Resilience
import ResilienceTestKit
import Testing

private struct Down: Error {}

private func breaker(
  openTime: Duration = .seconds(5), permits: Int = 1, lease: Duration = .seconds(30),
  onEvent: (@Sendable (CircuitBreakerEvent) -> Void)? = nil
) -> CircuitBreaker {
  CircuitBreaker(
    "destination",
    policy: CircuitBreakerPolicy(
      window: .count(10), failureRate: 0.5, minimumThroughput: 4, openTime: openTime, openTimeJitter: 0,
      halfOpenPermits: permits, probeLease: lease),
    onEvent: onEvent)
}

/// Trips a breaker with calls that fail at once.
private func trip(_ breaker: CircuitBreaker) async {
  let failing = ServiceCall { (_: Void) in throw Down() }.circuitBreaker(breaker)
  for _ in 0..<4 { try? await failing() }
}

/// **A thundering herd when the breaker lets go.**
///
/// A thousand callers wait for a destination that was down. The instant its breaker admits calls again, all
/// of them are there. A breaker that lets them through knocks the destination over again; ours admits the
/// probes it was told to, whatever the order in which the callers arrive.
@Suite struct ThunderingHerdScenario {
  @Test func exactlyTheProbesAreAdmittedInAnyInterleaving() throws {
    try Simulation.explore(seeds: 0..<100) { simulation in
      let breaker = breaker(permits: 3)
      await trip(breaker)
      try await simulation.sleep(for: .seconds(5))
      let inside = Log<Int>()
      let call = ServiceCall { (caller: Int) in
        inside.append(caller)
        try await simulation.sleep(for: .seconds(1))
      }.circuitBreaker(breaker)
      await withDiscardingTaskGroup { herd in
        for caller in 0..<200 { herd.addTask { try? await call(caller) } }
      }
      try simulation.require(inside.entries.count == 3, "\(inside.entries.count) probes were admitted, not 3")
      try simulation.require(
        breaker.state(at: simulation.now) == .closed, "three good probes did not close it")
    }
  }
}

/// **A cancelled probe.**
///
/// The one call that is to find out whether the destination is back belongs to a user who closes the page. It
/// says nothing about the destination. A breaker that takes it for a success sends everybody to a destination
/// that may be down; one that forgets the probe stays half-open for ever.
@Suite struct CancelledProbeScenario {
  @Test func itNeitherClosesTheBreakerNorBlocksTheNextProbe() throws {
    try Simulation.explore(seeds: 0..<100) { simulation in
      let breaker = breaker()
      await trip(breaker)
      try await simulation.sleep(for: .seconds(5))
      let probe = Task.immediate(executorPreference: CallContext.current.executor) {
        try await ServiceCall { (_: Void) in try await simulation.sleep(for: .seconds(1)) }.circuitBreaker(
          breaker)()
      }
      let wait = Int64(CallContext.current.random() % 900)
      try await simulation.sleep(for: .milliseconds(wait))
      probe.cancel()
      _ = await probe.result
      try simulation.require(
        breaker.state(at: simulation.now) == .halfOpen, "the cancelled probe decided something")
      try await ServiceCall { (_: Void) in }.circuitBreaker(breaker)()
      try simulation.require(breaker.state(at: simulation.now) == .closed, "the next probe did not decide")
    }
  }
}

/// **A hung probe.**
///
/// The probe never comes back. A breaker that waits for it refuses every call for days after the destination
/// has recovered. Ours gives a probe a lease; when it ends the probe has failed, and the next one is
/// admitted.
@Suite struct HungProbeScenario {
  @Test func itsLeaseEndsAndTheNextProbeIsAdmitted() throws {
    let events = Log<CircuitBreakerEvent.Kind>()
    try Simulation(seed: 1).run { simulation in
      let breaker = breaker(lease: .seconds(10)) { events.append($0.kind) }
      await trip(breaker)
      try await simulation.sleep(for: .seconds(5))
      let hung = Task.immediate(executorPreference: CallContext.current.executor) {
        try await ServiceCall { (_: Void) in try await simulation.sleep(for: .seconds(100_000)) }
          .circuitBreaker(breaker)()
      }
      let call = ServiceCall { (_: Void) in }.circuitBreaker(breaker)
      await #expect(throws: CircuitOpen.self) { try await call() }
      try await simulation.sleep(for: .seconds(15))
      try await call()
      #expect(breaker.state(at: simulation.now) == .closed)
      hung.cancel()
      _ = await hung.result
    }
    #expect(events.entries.contains(.probeExpired))
  }
}

/// **Late results after a trip.**
///
/// Slow calls that were admitted while all was well come back, failed, when the breaker has long opened, or
/// has closed again. They belong to another time: counting them would keep a healthy destination shut out, or
/// open the breaker twice.
@Suite struct LateResultsScenario {
  @Test func callsOfAnEarlierGenerationDecideNothing() throws {
    let events = Log<CircuitBreakerEvent.Kind>()
    try Simulation(seed: 1).run { simulation in
      let breaker = breaker { events.append($0.kind) }
      let slow = ServiceCall { (_: Void) in
        try await simulation.sleep(for: .seconds(30))
        throw Down()
      }.circuitBreaker(breaker)
      await withDiscardingTaskGroup { group in
        for _ in 0..<20 { group.addTask { try? await slow() } }
        try? await simulation.sleep(for: .seconds(1))
        await trip(breaker)
        try? await simulation.sleep(for: .seconds(5))
        try? await ServiceCall { (_: Void) in }.circuitBreaker(breaker)()
      }
      #expect(simulation.now == Instant(nanoseconds: 30_000_000_000))
      #expect(breaker.state(at: simulation.now) == .closed)
      #expect(breaker.snapshot().openings == 1)
      #expect(breaker.snapshot().staleResults == 20)
    }
  }
}
