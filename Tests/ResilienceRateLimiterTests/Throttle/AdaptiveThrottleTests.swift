import ResilienceCore
import ResilienceRateLimiter
import ResilienceTestKit
import ResilienceTestSupport
import Testing

/// The SRE book's formula to the letter.
private let plain = AdaptiveThrottlePolicy(probes: 0)

extension AdaptiveThrottle {
  /// Draws so high that every call passes.
  fileprivate func pass(at now: Instant) -> ThrottlePermit? {
    guard case .admitted(let permit) = admit(at: now, draw: .max) else { return nil }
    return permit
  }

  fileprivate func attempt(_ count: Int, _ outcome: Outcome, at now: Instant) {
    for _ in 0..<count {
      if let permit = pass(at: now) { record(outcome, of: permit) }
    }
  }

  fileprivate func probability(at now: Instant) -> Double { snapshot(at: now).rejectionProbability }
}

@Suite struct AdaptiveThrottleTests {
  private static let formula: [(attempts: Int, accepts: Int, surplus: Int)] = [
    (0, 0, 0), (1, 0, 1), (9, 0, 9), (100, 100, 0), (100, 50, 0), (100, 49, 2), (100, 10, 80),
  ]

  @Test(arguments: formula)
  func theProbabilityIsTheFormulas(attempts: Int, accepts: Int, surplus: Int) {
    let throttle = AdaptiveThrottle("payment", policy: plain)
    throttle.attempt(accepts, .success, at: .s(0))
    throttle.attempt(attempts - accepts, .failure, at: .s(0))
    #expect(throttle.probability(at: .s(0)) == Double(surplus) / Double(attempts + 1))
  }

  @Test func aDrawBelowTheProbabilityHoldsBackAndNoneIsMadeAtZero() {
    let recorder = EventRecorder()
    let throttle = AdaptiveThrottle("payment", policy: plain, onEvent: { recorder.record($0) })
    func drawn() -> UInt64 {
      Issue.record("a draw was made")
      return 0
    }
    #expect(throttle.admit(at: .s(0), draw: drawn()) != .rejected(probability: 0))
    let half = UInt64(1) << 63
    #expect(throttle.admit(at: .s(0), draw: half - 2048) == .rejected(probability: 0.5))
    #expect(recorder.events.map(\.name) == ["throttle.rejected"])
    let snapshot = throttle.snapshot(at: .s(0))
    #expect((snapshot.attempts, snapshot.accepts, snapshot.rejected) == (2, 0, 1))
    #expect(throttle.pass(at: .s(0)) != nil)
  }

  /// go-zero's issue 5011: counted at the end, calls to a destination that hangs are not seen until they time
  /// out.
  @Test func row44_callsInFlightCountFromTheirAttempt() {
    let throttle = AdaptiveThrottle("payment", policy: AdaptiveThrottlePolicy(probes: 10))
    for _ in 0..<10 { #expect(throttle.pass(at: .s(0)) != nil) }
    #expect(throttle.probability(at: .s(0)) == 0)
    for _ in 0..<90 { #expect(throttle.pass(at: .s(0)) != nil) }
    #expect(throttle.probability(at: .s(0)) == 90.0 / 101)
  }

  @Test func whatIsOlderThanTheWindowIsForgotten() {
    let throttle = AdaptiveThrottle("payment", policy: plain)
    throttle.attempt(9, .failure, at: .s(0))
    // The steps of a 32nd are 3.75 s.
    #expect(throttle.probability(at: .s(119.9)) == 0.9)
    #expect(throttle.probability(at: .s(120)) == 0)
    throttle.attempt(9, .failure, at: .s(200))
    #expect(throttle.probability(at: .s(1e9)) == 0)
    #expect(throttle.snapshot(at: .s(1e9)).attempts == 0)
  }

  @Test func aTimestampFromThePastCountsInThePresent() {
    let throttle = AdaptiveThrottle("payment", policy: plain)
    throttle.attempt(1, .success, at: .s(1000))
    throttle.attempt(8, .failure, at: .s(0))
    throttle.attempt(1, .failure, at: .ns(.min))
    #expect(throttle.snapshot(at: .s(-5)).attempts == 10)
    #expect(throttle.probability(at: .s(1117)) == 8.0 / 11)
    #expect(throttle.snapshot(at: .ns(.max)).attempts == 0)
  }

  private static let answers: [(AdaptiveThrottlePolicy.Refusals, Outcome, Int)] = [
    (.failures, .failure, 0), (.failures, .success, 1), (.failures, .failure(.overloaded), 0),
    (.failures, Outcome(.success, pushback: .overloaded), 0), (.overloads, .failure, 1),
    (.overloads, .success, 1), (.overloads, .failure(.overloaded), 0),
  ]

  @Test(arguments: answers)
  func whatIsAcceptedIsThePolicys(refusals: AdaptiveThrottlePolicy.Refusals, outcome: Outcome, accepts: Int) {
    let throttle = AdaptiveThrottle("payment", policy: AdaptiveThrottlePolicy(refusals: refusals))
    throttle.attempt(1, outcome, at: .s(0))
    #expect(throttle.snapshot(at: .s(0)).attempts == 1)
    #expect(throttle.snapshot(at: .s(0)).accepts == accepts)
  }

  @Test func aNeutralEndIsAsIfTheCallHadNotBeenAttempted() {
    let throttle = AdaptiveThrottle("payment", policy: plain)
    throttle.attempt(3, .neutral, at: .s(0))
    #expect(throttle.snapshot(at: .s(0)).attempts == 0)
    let late = throttle.pass(at: .s(0))
    throttle.attempt(1, .success, at: .s(300))
    if let late { throttle.record(.neutral, of: late) }
    #expect(throttle.snapshot(at: .s(300)).attempts == 1)
  }

  @Test func aPermitThatIsReportedTwiceTakesNothingFromNobody() {
    let throttle = AdaptiveThrottle("payment", policy: plain)
    let permit = throttle.pass(at: .s(0))
    for _ in 0..<3 { if let permit { throttle.record(.neutral, of: permit) } }
    throttle.attempt(1, .failure, at: .s(0))
    #expect(throttle.snapshot(at: .s(0)).attempts == 1)
  }

  @Test func anUpdateKeepsTheCountsUnlessTheWindowIsAnother() {
    let throttle = AdaptiveThrottle("payment", policy: plain)
    throttle.attempt(9, .failure, at: .s(0))
    #expect(throttle.probability(at: .s(0)) == 0.9)
    throttle.update(AdaptiveThrottlePolicy(probes: 4, refusals: .overloads))
    #expect(throttle.policy == AdaptiveThrottlePolicy(probes: 4, refusals: .overloads))
    #expect(throttle.probability(at: .s(0)) == 0.5)
    // A failure is an acceptance now.
    throttle.attempt(1, .failure, at: .s(0))
    #expect(throttle.snapshot(at: .s(0)).accepts == 1)
    throttle.update(AdaptiveThrottlePolicy(window: .seconds(12), probes: 4))
    #expect(throttle.snapshot(at: .s(0)).attempts == 0)
    throttle.attempt(20, .failure, at: .s(0))
    #expect(throttle.probability(at: .s(0)) > 0.7)
  }

  /// A thousand calls a second to a destination that is dead, and then one that takes what it can.
  @Test func sendsTwiceWhatIsAcceptedAndNeverStarvesItself() {
    let random = SeededRandomSource(seed: 7)
    let throttle = AdaptiveThrottle(
      "payment", policy: AdaptiveThrottlePolicy(window: .seconds(12), probes: 24))
    func sent(from start: Int, seconds: Int, capacity: Int) -> [Int] {
      (start..<start + seconds).map { second in
        var (sent, free) = (0, capacity)
        for call in 0..<200 {
          let now = Instant.s(Double(second) + Double(call) / 200)
          guard case .admitted(let permit) = throttle.admit(at: now, draw: random.next()) else { continue }
          sent += 1
          throttle.record(free > 0 ? .success : .failure(.overloaded), of: permit)
          free -= 1
        }
        return sent
      }
    }
    // Two in a second are its probes; its luck does not keep it from them.
    let dead = sent(from: 0, seconds: 60, capacity: 0).dropFirst(13)
    #expect(dead.reduce(0, +) > 47 && dead.reduce(0, +) < 47 * 4)
    // It comes back, and takes everything: within some windows all calls are made again.
    #expect(sent(from: 60, seconds: 60, capacity: .max).suffix(10).allSatisfy { $0 == 200 })
    // It takes 30 a second: it is sent 60, and the probes.
    let overloaded = sent(from: 120, seconds: 60, capacity: 30).dropFirst(30)
    let rate = Double(overloaded.reduce(0, +)) / 30
    #expect(rate > 55 && rate < 69)
  }

  /// Whatever the draws say: a recovery is noticed as soon.
  @Test func noLongerThanItsShareOfTheWindowPassesWithoutAProbe() {
    let throttle = AdaptiveThrottle(
      "payment", policy: AdaptiveThrottlePolicy(window: .seconds(32), probes: 8))
    var admitted: [Int] = []
    for tenth in 0..<600 {
      guard case .admitted(let permit) = throttle.admit(at: .s(Double(tenth) / 10), draw: 0) else { continue }
      admitted.append(tenth)
      throttle.record(.failure, of: permit)
    }
    // Nine are its burst, as many as surpass the probes by one; then each four seconds.
    #expect(admitted == Array(0..<10) + stride(from: 49, to: 600, by: 40))
  }

  @Test func theTotalsStayThoseOfTheWindow() {
    let random = SeededRandomSource(seed: 1)
    let throttle = AdaptiveThrottle("payment", policy: AdaptiveThrottlePolicy(window: .nanoseconds(3200)))
    var attempts: [Int64] = []
    var (now, latest): (Int64, Int64) = (0, 0)
    for _ in 0..<20_000 {
      now = latest + Int64(random.next(below: 40)) - 10
      latest = max(latest, now)
      guard let permit = throttle.pass(at: .ns(now)) else { continue }
      if random.next(below: 3) == 0 {
        throttle.record(.neutral, of: permit)
      } else {
        attempts.append(latest)
      }
      if random.next(below: 50) == 0 {
        let known = attempts.filter { $0 / 100 > latest / 100 - 32 }.count
        #expect(throttle.snapshot(at: .ns(now)).attempts == known)
      }
    }
  }
}
