import ResilienceCircuitBreaker
import ResilienceCore
import ResilienceTestKit
import ResilienceTestSupport
import Testing

@Suite struct CircuitBreakerTests {
  private let recorder = EventRecorder()

  private func breaker(_ policy: CircuitBreakerPolicy = .small()) -> CircuitBreaker {
    CircuitBreaker("payment", policy: policy, onEvent: { [recorder] in recorder.record($0) })
  }

  private var kinds: [CircuitBreakerEvent.Kind] {
    recorder.events.compactMap { ($0 as? CircuitBreakerEvent)?.kind }
  }

  @Test func row1_aNeutralProbeReturnsItsPermitAndChangesNothing() throws {
    let breaker = breaker()
    breaker.trip(at: .s(0))
    #expect(breaker.call(.neutral, at: .s(5)))
    #expect(breaker.state(at: .s(5)) == .halfOpen)
    #expect(breaker.snapshot(at: .s(5)).probesRunning == 0)
    #expect(breaker.call(.success, at: .s(5)))
    #expect(breaker.state(at: .s(5)) == .closed)
  }

  @Test func aPermitThatIsDroppedGoesBack() throws {
    let breaker = breaker()
    breaker.trip(at: .s(0))
    do {
      let permit = try breaker.permit(at: .s(5))
      let isProbe = permit.isProbe
      #expect(isProbe)
      #expect(breaker.rejects(at: .s(5)))
    }
    #expect(breaker.snapshot(at: .s(5)).probesRunning == 0)
    #expect(breaker.state(at: .s(5)) == .halfOpen)
    #expect(breaker.call(.success, at: .s(5)))
    #expect(kinds.last == .closed)
  }

  @Test func row3_aHungProbeExpiresAndTheNextIsAdmitted() throws {
    let breaker = breaker()
    breaker.trip(at: .s(0))
    let hung = try breaker.permit(at: .s(5))
    #expect(breaker.rejects(at: .s(34.999)))
    let next = try breaker.permit(at: .s(35))
    #expect(kinds.contains(.probeExpired))
    next.finish(.success, at: .s(36))
    hung.finish(.failure, at: .s(37))
    #expect(breaker.state(at: .s(37)) == .closed)
    #expect(breaker.snapshot(at: .s(37)).failures == 5)
  }

  @Test func row6_resultsOfTheClosedEraDoNotTouchTheProbes() throws {
    let breaker = breaker(.small(permits: 2))
    let old1 = try breaker.permit(at: .s(0))
    let old2 = try breaker.permit(at: .s(0))
    let old3 = try breaker.permit(at: .s(0))
    breaker.trip(at: .s(0))
    let first = try breaker.permit(at: .s(5))
    old1.finish(.success, at: .s(5))
    old2.finish(.failure, at: .s(5))
    _ = consume old3
    #expect(breaker.snapshot(at: .s(5)).probesRunning == 1)
    #expect(breaker.state(at: .s(5)) == .halfOpen)
    let second = try breaker.permit(at: .s(5))
    #expect(breaker.rejects(at: .s(5)))
    first.finish(.success, at: .s(5))
    second.finish(.success, at: .s(5))
    #expect(breaker.state(at: .s(5)) == .closed)
  }

  @Test func row7_lateFailuresWhileOpenDoNotExtendIt() throws {
    let breaker = breaker()
    let late1 = try breaker.permit(at: .s(0))
    let late2 = try breaker.permit(at: .s(0))
    breaker.trip(at: .s(0))
    late1.finish(.failure, at: .s(1))
    late2.finish(.failure, at: .s(4))
    #expect(breaker.state(at: .s(4)) == .open(until: .s(5)))
    #expect(kinds.filter { if case .opened = $0 { true } else { false } }.count == 1)
    #expect(breaker.snapshot(at: .s(4)).openings == 1)
  }

  @Test func row8_aStaleResultIsReported() throws {
    let breaker = breaker()
    let late = try breaker.permit(at: .s(0))
    breaker.trip(at: .s(0))
    late.finish(.success, at: .s(1))
    #expect(kinds.last == .staleResult(generation: 0))
    #expect(breaker.snapshot(at: .s(1)).staleResults == 1)
    #expect(breaker.snapshot(at: .s(1)).successes == 0)
  }

  @Test func row12_hangingProbesAreCappedPerLease() throws {
    let breaker = breaker(.small(permits: 3))
    breaker.trip(at: .s(0))
    var hung: [HeldPermit] = []
    for millisecond in stride(from: 0, to: 120_000, by: 10) {
      let now = Instant(nanoseconds: Int64(millisecond) * 1_000_000)
      if case .admitted(let permit) = breaker.admit(at: now) { hung.append(HeldPermit(permit)) }
    }
    // Half-open from 5 s; each lease of 30 s lets at most three calls through.
    #expect(hung.count == 12)
  }

  @Test func row13_readingTheStateMakesTheTransitionThatIsDue() {
    let breaker = breaker()
    breaker.trip(at: .s(0))
    #expect(breaker.state(at: .s(4.999)) == .open(until: .s(5)))
    #expect(breaker.state(at: .s(5)) == .halfOpen)
    #expect(kinds.last == .halfOpened)
    #expect(breaker.snapshot(at: .s(6)).state == .halfOpen)
    #expect(kinds.count == 2)
  }

  @Test func reportsItsLifeInOrder() {
    let breaker = breaker()
    breaker.trip(at: .s(0))
    #expect(!breaker.call(.success, at: .s(1)))
    breaker.call(.failure, at: .s(5))
    breaker.call(.success, at: .s(17))
    #expect(
      recorder.descriptions == [
        "circuit_breaker.opened breaker=payment reason=failure_rate failures=4 slow=0 calls=4 open_seconds=5.0",
        "circuit_breaker.half_opened breaker=payment",
        "circuit_breaker.opened breaker=payment reason=probes failures=1 slow=0 calls=1 open_seconds=10.0",
        "circuit_breaker.half_opened breaker=payment",
        "circuit_breaker.closed breaker=payment",
      ])
    let snapshot = breaker.snapshot(at: .s(20))
    #expect(snapshot.timeOpen == .seconds(15))
    #expect(snapshot.rejections == 1)
    #expect((snapshot.successes, snapshot.failures, snapshot.openings) == (1, 5, 2))
    #expect(
      snapshot.metrics.contains(
        Metric(
          "circuit_breaker_open_seconds_total", .counter, 15, labels: [.init("breaker", "payment")],
          help: "How long the breaker has been open.")))
  }

  @Test func aListenerMayUseTheBreaker() {
    let states = Log<CircuitBreakerState>()
    let itself = Log<CircuitBreaker>()
    let breaker = CircuitBreaker(
      "stock", policy: .small(),
      onEvent: { event in
        for breaker in itself.entries { states.append(breaker.state(at: event.instant)) }
      })
    itself.append(breaker)
    breaker.trip(at: .s(0))
    #expect(breaker.state(at: .s(5)) == .halfOpen)
    #expect(states.entries == [.open(until: .s(5)), .halfOpen])
  }

  @Test func aRejectionSaysWhen() {
    let breaker = breaker()
    breaker.trip(at: .s(0))
    guard case .rejected(let retryAt) = breaker.admit(at: .s(1)) else {
      Issue.record("admitted while open")
      return
    }
    #expect(retryAt == .s(5))
  }
}
