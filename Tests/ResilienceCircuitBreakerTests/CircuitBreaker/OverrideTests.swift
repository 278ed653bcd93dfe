import ResilienceCircuitBreaker
import ResilienceCore
import ResilienceTestKit
import ResilienceTestSupport
import Testing

@Suite struct OverrideTests {
  private func breaker(_ log: (@Sendable (CircuitBreakerEvent) -> Void)? = nil) -> CircuitBreaker {
    CircuitBreaker("payment", policy: .small(), onEvent: log)
  }

  @Test func forcedOpenRejectsUntilItIsToldOtherwise() {
    let breaker = breaker()
    breaker.set(.forcedOpen, at: .s(0))
    #expect(breaker.state(at: .s(10_000)) == .forcedOpen)
    #expect(breaker.rejects(at: .s(10_000)))
    breaker.set(nil, at: .s(10_001))
    #expect(breaker.call(.success, at: .s(10_001)))
  }

  @Test func disabledLetsEverythingThroughAndCountsNothing() {
    let breaker = breaker()
    breaker.trip(at: .s(0))
    breaker.set(.disabled, at: .s(1))
    for _ in 0..<20 { #expect(breaker.call(.failure, at: .s(1))) }
    let snapshot = breaker.snapshot(at: .s(1))
    #expect((snapshot.state, snapshot.failures, snapshot.windowCalls) == (.disabled, 4, 0))
    #expect(snapshot.timeOpen == .seconds(1))
  }

  @Test func metricsOnlyCountsAndNothingComesOfIt() {
    let breaker = breaker()
    breaker.set(.metricsOnly, at: .s(0))
    for _ in 0..<20 { #expect(breaker.call(.failure, at: .s(1))) }
    let snapshot = breaker.snapshot(at: .s(1))
    #expect(snapshot.state == .metricsOnly)
    #expect(snapshot.failureRate == 1)
  }

  @Test func openForATimeIsOpenForExactlyThatAndThenProbesDecide() {
    let breaker = breaker()
    breaker.set(.open(for: .seconds(90)), at: .s(10))
    #expect(breaker.state(at: .s(99.9)) == .open(until: .s(100)))
    #expect(breaker.rejects(at: .s(99.9)))
    #expect(breaker.state(at: .s(100)) == .halfOpen)
    #expect(breaker.snapshot(at: .s(100)).timeOpen == .seconds(90))
    #expect(breaker.call(.success, at: .s(100)))
    #expect(breaker.state(at: .s(100)) == .closed)
  }

  /// Said by hand, it is no beginning of a growth.
  @Test func afterAnOpeningByHandTheOpenTimeBeginsAnew() {
    let breaker = breaker()
    breaker.trip(at: .s(0))
    breaker.call(.failure, at: .s(5))
    breaker.set(.open(for: .seconds(90)), at: .s(6))
    breaker.call(.failure, at: .s(96))
    #expect(breaker.state(at: .s(96)) == .open(until: .s(101)))
  }

  @Test(arguments: [Duration.zero, .seconds(-5), .seconds(Int64.max), .seconds(Int64.min)])
  func openForNoTimeOrForEverDoesNotTrap(time: Duration) {
    let breaker = breaker()
    breaker.set(.open(for: time), at: .s(1))
    #expect(breaker.rejects(at: .s(1)) == (time > .zero))
    #expect(breaker.rejects(at: Instant(nanoseconds: .max - 1)) == (time > .zero))
  }

  @Test(arguments: [nil, .forcedOpen, .disabled, .metricsOnly] as [CircuitBreakerOverride?])
  func halfOpenByHandLetsProbesDecideAtOnceWhateverItWas(before: CircuitBreakerOverride?) {
    for verdict in [Verdict.success, .failure] {
      let breaker = breaker()
      if let before { breaker.set(before, at: .s(0)) } else { breaker.trip(at: .s(0)) }
      breaker.set(.halfOpen, at: .s(1))
      #expect(breaker.state(at: .s(1)) == .halfOpen)
      #expect(breaker.call(verdict, at: .s(1)))
      #expect(breaker.state(at: .s(1)) == (verdict == .success ? .closed : .open(until: .s(6))))
    }
  }

  @Test func anEventSaysWhatItWasToldToBe() {
    let texts = Log<String>()
    let breaker = breaker { texts.append($0.description) }
    for override in [CircuitBreakerOverride.forcedOpen, .open(for: .seconds(2)), .halfOpen] {
      breaker.set(override, at: .s(1))
    }
    #expect(
      texts.entries == [
        "circuit_breaker.overridden breaker=payment to=forcedOpen",
        "circuit_breaker.overridden breaker=payment to=open open_seconds=2.0",
        "circuit_breaker.overridden breaker=payment to=halfOpen",
      ])
  }

  @Test func resultsFromBeforeAreStale() throws {
    let kinds = Log<CircuitBreakerEvent.Kind>()
    let breaker = breaker { kinds.append($0.kind) }
    let before = try breaker.permit(at: .s(0))
    breaker.set(.metricsOnly, at: .s(0))
    before.finish(.failure, at: .s(1))
    breaker.set(nil, at: .s(2))
    #expect(kinds.entries == [.overridden(.metricsOnly), .staleResult(generation: 0), .closed])
    #expect(breaker.snapshot(at: .s(2)).failures == 0)
  }

  @Test func aNewPolicyKeepsTheStateAndTheLatestResults() {
    let breaker = breaker()
    for verdict in [Verdict.success, .success, .failure] { breaker.call(verdict, at: .s(0)) }
    breaker.update(
      CircuitBreakerPolicy(
        window: .count(3), failureRate: 0.6, minimumThroughput: 2, openTime: .seconds(5),
        maxOpenTime: .seconds(60), openTimeJitter: 0, halfOpenPermits: 1))
    #expect(breaker.policy.failureRate == 0.6)
    #expect(breaker.state(at: .s(0)) == .closed)
    #expect(breaker.snapshot(at: .s(0)).windowCalls == 3)
    breaker.call(.failure, at: .s(0))
    #expect(breaker.state(at: .s(0)) == .open(until: .s(5)))
    breaker.update(
      CircuitBreakerPolicy(
        window: .time(.seconds(10)), openTime: .seconds(9), maxOpenTime: .seconds(60), openTimeJitter: 0,
        halfOpenPermits: 1))
    #expect(breaker.state(at: .s(4)) == .open(until: .s(9)))
  }

  @Test func callsUnderWayAreStaleWhenSlowIsDefinedAnew() throws {
    let breaker = breaker()
    let before = try breaker.permit(at: .s(0))
    breaker.update(
      CircuitBreakerPolicy(
        slowCalls: .init(threshold: .seconds(1)), openTime: .seconds(5), maxOpenTime: .seconds(60),
        halfOpenPermits: 1))
    before.finish(.success, at: .s(2))
    #expect(breaker.snapshot(at: .s(2)).staleResults == 1)
    let after = try breaker.permit(at: .s(2))
    after.finish(.success, at: .s(4))
    #expect(breaker.snapshot(at: .s(4)).slowCalls == 1)
  }

  /// Row 4, by another way: more probes have ended than the new policy permits, and none runs.
  @Test(arguments: [Verdict.success, .failure])
  func row4_aPolicyWithFewerPermitsDoesNotLeaveItHalfOpenForEver(verdict: Verdict) {
    let breaker = CircuitBreaker("payment", policy: .small(permits: 10))
    breaker.trip(at: .s(0))
    for _ in 0..<3 { #expect(breaker.call(.success, at: .s(5))) }
    breaker.update(.small(permits: 2))
    #expect(breaker.call(verdict, at: .s(6)))
    #expect(breaker.state(at: .s(6)) == (verdict == .success ? .closed : .open(until: .s(16))))
  }

  @Test func aPolicyWithoutARampLetsARecoveringBreakersCallsThrough() {
    func policy(ramp: Duration) -> CircuitBreakerPolicy {
      CircuitBreakerPolicy(
        window: .count(4), openTime: .seconds(5), openTimeJitter: 0, halfOpenPermits: 1, rampTime: ramp)
    }
    let breaker = CircuitBreaker("payment", policy: policy(ramp: .seconds(100)))
    breaker.trip(at: .s(0))
    breaker.call(.success, at: .s(5))
    breaker.update(policy(ramp: .zero))
    for _ in 0..<9 { #expect(breaker.call(.success, at: .s(6))) }
  }

  /// What the calls under way are known by is no part of the window.
  @Test func callsUnderWayAreStillKnownAfterTheWindowHasChanged() throws {
    let slow = CircuitBreakerPolicy.SlowCalls(threshold: .seconds(8))
    let breaker = CircuitBreaker(
      "payment",
      policy: CircuitBreakerPolicy(
        slowCalls: slow, openTime: .seconds(5), maxOpenTime: .seconds(60), halfOpenPermits: 1))
    let ended = try breaker.permit(at: .s(0))
    let hung = HeldPermit(try breaker.permit(at: .s(0)))
    breaker.update(
      CircuitBreakerPolicy(
        window: .time(.seconds(30)), slowCalls: slow, openTime: .seconds(5), maxOpenTime: .seconds(60),
        halfOpenPermits: 1))
    ended.finish(.success, at: .s(1))
    #expect(breaker.snapshot(at: .s(12)).overdueCalls == 1)
    withExtendedLifetime(hung) {}
  }
}
