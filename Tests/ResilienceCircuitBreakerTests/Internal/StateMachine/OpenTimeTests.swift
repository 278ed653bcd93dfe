import ResilienceCircuitBreaker
import ResilienceCore
import ResilienceTestSupport
import Testing

@Suite struct OpenTimeTests {
  typealias Machine = CircuitBreakerStateMachine

  private func policy(
    jitter: Double = 0, cap: Duration? = .seconds(30), ramp: Duration = .zero, permits: Int = 1
  ) -> CircuitBreakerPolicy {
    CircuitBreakerPolicy(
      window: .count(4), minimumThroughput: 2, openTime: .seconds(5), maxOpenTime: cap,
      openTimeJitter: jitter, maxRetryAfter: .seconds(60), halfOpenPermits: permits, rampTime: ramp)
  }

  /// Fails once, as a call that ends at once; the instant until which that left it open.
  @discardableResult
  private func fail(
    _ machine: inout Machine, at now: Instant, retryAfter: Int64 = 0, draw: UInt64 = 0
  ) -> Instant? {
    guard case .admitted(let token) = machine.admit(at: now, draw: draw).decision else { return nil }
    _ = machine.record(token, .failure, retryAfter: retryAfter, at: now, draw: draw)
    guard case .open(let until) = machine.state else { return nil }
    return until
  }

  private func succeed(_ machine: inout Machine, at now: Instant) {
    guard case .admitted(let token) = machine.admit(at: now, draw: 0).decision else { return }
    _ = machine.record(token, .success, at: now, draw: 0)
  }

  @Test func itDoublesWithEachReopeningUpToTheCap() {
    var machine = Machine(policy())
    var now = Instant.s(0)
    var times: [Double] = []
    fail(&machine, at: now)
    for _ in 0..<6 {
      guard let until = fail(&machine, at: now) else { break }
      times.append(now.duration(to: until) / .seconds(1))
      now = until
    }
    #expect(times == [5, 10, 20, 30, 30, 30])
    #expect(machine.reopenings == 5)
  }

  /// Closed again for a while; it counts as stable after as long as it was open before.
  @Test(arguments: [(closedFor: 4.999, again: 10.0), (closedFor: 5.0, again: 5.0)])
  func aStableCloseBeginsAnew(closedFor: Double, again: Double) {
    var machine = Machine(policy())
    for _ in 0..<2 { fail(&machine, at: .s(0)) }
    succeed(&machine, at: .s(6))
    #expect(machine.state == .closed)
    let then = Instant.s(6 + closedFor)
    fail(&machine, at: then)
    #expect(fail(&machine, at: then) == then.advanced(by: .seconds(again)))
  }

  /// It was open for 10 s, and the next call comes so long after.
  @Test(arguments: [(silence: 0.0, again: 20.0), (silence: 9.999, again: 20.0), (silence: 10.0, again: 5.0)])
  func quietTimeBeginsAnew(silence: Double, again: Double) {
    var machine = Machine(policy())
    for _ in 0..<2 { fail(&machine, at: .s(0)) }
    #expect(fail(&machine, at: .s(5)) == .s(15))
    let then = Instant.s(15 + silence)
    #expect(fail(&machine, at: then) == then.advanced(by: .seconds(again)))
  }

  @Test func byDefaultItDoesNotGrow() {
    var machine = Machine(CircuitBreakerPolicy(minimumThroughput: 2, openTimeJitter: 0))
    for _ in 0..<2 { fail(&machine, at: .s(0)) }
    var untils: [Instant?] = []
    for second in 1...300 as ClosedRange<Int64> {
      let now = Instant(nanoseconds: second * 1_000_000_000)
      // The first of three probes decides nothing, the second opens.
      untils += [fail(&machine, at: now), fail(&machine, at: now)]
    }
    #expect(untils == (1...300).flatMap { [nil, Instant.s(Double($0 + 1))] })
  }

  /// Of three probes one is slow by nature: the other two decide.
  @Test func byDefaultTwoFastProbesOfThreeClose() {
    var machine = Machine(CircuitBreakerPolicy(minimumThroughput: 2, openTimeJitter: 0))
    for _ in 0..<2 { fail(&machine, at: .s(0)) }
    guard case .admitted = machine.admit(at: .s(1), draw: 0).decision else {
      Issue.record("no probe was admitted")
      return
    }
    for _ in 0..<2 { succeed(&machine, at: .s(1.5)) }
    #expect(machine.state == .closed)
  }

  @Test func aRampIsNotStableYet() {
    var machine = Machine(policy(ramp: .seconds(100)))
    for _ in 0..<2 { fail(&machine, at: .s(0)) }
    succeed(&machine, at: .s(5))
    var until: Instant?
    for _ in 0..<10 where until == nil { until = fail(&machine, at: .s(90)) }
    #expect(until == .s(100))
  }

  @Test func jitterShortensItWithinItsShareAndSpreads() {
    var times: Set<Int64> = []
    for draw in 0..<200 as Range<UInt64> {
      var machine = Machine(policy(jitter: 0.2))
      fail(&machine, at: .s(0), draw: draw)
      guard let until = fail(&machine, at: .s(0), draw: draw &* 0x9E37_79B9) else { continue }
      times.insert(until.nanoseconds)
    }
    #expect(times.count == 200)
    #expect(times.allSatisfy { (4_000_000_000...5_000_000_000).contains($0) })
    #expect(times.contains { $0 < 4_100_000_000 } && times.contains { $0 > 4_900_000_000 })
  }

  @Test(arguments: [(after: 3.0, until: 5.0), (after: 12.0, until: 12.0), (after: 3600, until: 60)])
  func whatTheDestinationAsksForIsALowerBound(after: Double, until: Double) {
    var machine = Machine(policy())
    // It need not be the failure that opens.
    fail(&machine, at: .s(0), retryAfter: Int64(after * 1e9))
    #expect(fail(&machine, at: .s(0)) == .s(until))
  }

  @Test func whatItAskedForBeforeItWasClosedIsForgotten() {
    var machine = Machine(policy())
    fail(&machine, at: .s(0), retryAfter: 8_000_000_000)
    fail(&machine, at: .s(0))
    succeed(&machine, at: .s(8))
    fail(&machine, at: .s(20))
    #expect(fail(&machine, at: .s(20)) == .s(25))
  }

  @Test func jitterComesOnTopOfIt() {
    var machine = Machine(policy(jitter: 1))
    fail(&machine, at: .s(0), retryAfter: 12_000_000_000)
    let until = fail(&machine, at: .s(0), draw: 77)
    #expect(until.map { .s(12) < $0 && $0 <= .s(17) } == true)
  }

  /// Failures in a row need no minimum, and one failed probe opens where there is no rate.
  @Test func consecutiveFailuresOpen() {
    var machine = Machine(
      CircuitBreakerPolicy(
        failureRate: nil, consecutiveFailures: 3, minimumThroughput: 50, openTime: .seconds(5),
        maxOpenTime: .seconds(60), openTimeJitter: 0, halfOpenPermits: 2))
    for _ in 0..<2 { fail(&machine, at: .s(0)) }
    succeed(&machine, at: .s(0))
    for _ in 0..<2 { fail(&machine, at: .s(0)) }
    #expect(machine.state == .closed)
    #expect(fail(&machine, at: .s(0)) == .s(5))
    succeed(&machine, at: .s(5))
    #expect(fail(&machine, at: .s(5)) == .s(15))
  }
}
