import ResilienceCircuitBreaker
import ResilienceCore
import ResilienceTestKit
import ResilienceTestSupport
import Testing

/// What a person reads: delays, not instants of a clock that began nobody knows when.
@Suite struct DescriptionTests {
  /// The description of something at an instant of the clock.
  private func description(at now: Instant, of thing: some CustomStringConvertible & Sendable) async -> String
  {
    await CallContext.withEnvironment(CallEnvironment(clock: ManualClock(now: now))) { thing.description }
  }

  @Test(arguments: [
    (at: 1_000_000_000_000, "it probes again in 5 s"), (at: 1_000_000_000_001, "it probes again in 5 s"),
    (at: 1_003_100_000_000, "it probes again in 1.9 s"), (at: 1_003_100_000_001, "it probes again in 1.9 s"),
    (at: 1_003_099_999_999, "it probes again in 2 s"), (at: 1_004_000_000_000, "it probes again in 1 s"),
    (at: 1_004_000_999_999, "it probes again in 1 s"), (at: 1_004_001_000_000, "it probes again in 999 ms"),
    (at: 1_004_999_999_999, "it probes again in 1 ms"),
    (at: 1_005_000_000_000, "it probes with the next call"),
    (at: Int64.max, "it probes with the next call"), (at: Int64.min, "it probes again in 2562047 h 48 min"),
  ])
  func anOpenBreakerSaysHowLongItIsUntilItProbes(at now: Int64, probes: String) async {
    let open = CircuitOpen(breaker: "payment", retryAt: .s(1005))
    #expect(
      await description(at: Instant(nanoseconds: now), of: open)
        == "circuit breaker \"payment\" is open and did not make the call; \(probes)")
  }

  @Test func otherReasonsKnowNoDelay() async {
    let texts: [(CircuitOpen.Reason, String)] = [
      (.probing, "is half-open with all probes under way and did not make the call"),
      (.recovering, "is recovering and did not make the call, which is beyond the share it lets through"),
      (.forced, "was forced open by hand and did not make the call"),
    ]
    for (reason, text) in texts {
      let error = CircuitOpen(breaker: "payment", reason: reason, retryAt: .s(1005))
      #expect(await description(at: .s(0), of: error) == "circuit breaker \"payment\" \(text)")
    }
  }

  /// The one error of an opening is read at different times.
  @Test func theDelayIsAsOfReadingByTheCallsOwnClock() throws {
    try Simulation(seed: 1).run { sim in
      let breaker = CircuitBreaker("payment", policy: .small())
      breaker.trip(at: sim.now)
      let error = await #expect(throws: CircuitOpen.self) { try await breaker.run {} }
      let texts = Log<String>()
      for _ in 0..<3 {
        texts.append(error.map { "\($0)" } ?? "")
        try await sim.sleep(for: .milliseconds(2300))
      }
      #expect(
        texts.entries.map { $0.split(separator: ";")[1] } == [
          " it probes again in 5 s", " it probes again in 2.7 s", " it probes again in 400 ms",
        ])
    }
  }

  @Test(arguments: [
    (CircuitBreakerState.closed, "closed"), (.open(until: .s(1001.9)), "open for another 1.9 s"),
    (.open(until: .s(1000)), "open"), (.halfOpen, "half-open"),
    (.recovering(until: .s(1030)), "recovering for another 30 s"), (.recovering(until: .s(1)), "recovering"),
    (.forcedOpen, "forced open"), (.disabled, "disabled"), (.metricsOnly, "metrics only"),
  ])
  func aStateSaysHowLongItLasts(state: CircuitBreakerState, text: String) async {
    #expect(await description(at: .s(1000), of: state) == text)
  }

  @Test(arguments: [
    (
      CircuitBreakerEvent.Kind.opened(reason: .probes, failures: 1, slow: 2, calls: 3, until: .s(1001.9)),
      "circuit_breaker.opened breaker=payment reason=probes failures=1 slow=2 calls=3 open_seconds=1.9"
    ),
    // Noticed late.
    (
      .opened(reason: .slowCallRate, failures: 0, slow: 2, calls: 3, until: .s(999)),
      "circuit_breaker.opened breaker=payment reason=slow_call_rate failures=0 slow=2 calls=3 open_seconds=0.0"
    ),
    (.recovering(until: .s(1030)), "circuit_breaker.recovering breaker=payment ramp_seconds=30.0"),
    (.rejected(retryAt: .s(1002)), "circuit_breaker.rejected breaker=payment retry_after_seconds=2.0"),
    (.rejected(retryAt: .s(2)), "circuit_breaker.rejected breaker=payment retry_after_seconds=0.0"),
    (.rejected(retryAt: nil), "circuit_breaker.rejected breaker=payment"),
  ])
  func anEventSaysDelaysFromItsInstantOn(kind: CircuitBreakerEvent.Kind, text: String) {
    #expect(CircuitBreakerEvent(breaker: "payment", kind: kind, instant: .s(1000)).description == text)
  }
}
