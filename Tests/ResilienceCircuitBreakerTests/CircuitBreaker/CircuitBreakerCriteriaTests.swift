import ResilienceCircuitBreaker
import ResilienceCore
import ResilienceTestKit
import ResilienceTestSupport
import Testing

/// What the decorator hands to the breaker beyond a verdict: durations, pushback, a classifier's doubts.
@Suite struct CircuitBreakerCriteriaTests {
  @Test func callsThatHangOpenItBeforeAnyOfThemEnds() throws {
    try Simulation(seed: 1).run { sim in
      let breaker = CircuitBreaker(
        "stock",
        policy: CircuitBreakerPolicy(
          slowCalls: .init(threshold: .seconds(2)), minimumThroughput: 10, openTime: .seconds(5),
          maxOpenTime: .seconds(60), halfOpenPermits: 1))
      let call = ServiceCall { (_: Void) in try await sim.sleep(for: .seconds(60)) }.circuitBreaker(breaker)
      await withTaskGroup { group in
        for _ in 0..<10 { group.addTask { try? await call() } }
        try? await sim.sleep(for: .milliseconds(2300))
        let snapshot = breaker.snapshot()
        #expect(snapshot.windowCalls == 0)
        await #expect(throws: CircuitOpen.self) { try await call() }
        group.cancelAll()
      }
    }
  }

  @Test func durationsComeFromTheContextsClock() throws {
    try Simulation(seed: 1).run { sim in
      let breaker = CircuitBreaker(
        "stock",
        policy: CircuitBreakerPolicy(
          slowCalls: .init(threshold: .seconds(2), rate: 1), openTime: .seconds(5), maxOpenTime: .seconds(60),
          halfOpenPermits: 1))
      let call = ServiceCall { (seconds: Double) in try await sim.sleep(for: .seconds(seconds)) }
        .circuitBreaker(breaker)
      for seconds in [1.999, 2, 3] { try await call(seconds) }
      try await breaker.run { try await sim.sleep(for: .seconds(4)) }
      #expect(breaker.snapshot().windowSlowCalls == 3)
      #expect(breaker.snapshot().windowCalls == 4)
    }
  }

  @Test func whatTheDestinationAsksForKeepsItOpenLonger() throws {
    struct Overloaded: Error, PushbackProviding {
      var pushback: Pushback { .overloaded(retryAfter: .seconds(40)) }
    }
    try Simulation(seed: 1).run { sim in
      let breaker = CircuitBreaker("stock", policy: .small())
      let call = ServiceCall { (_: Void) in throw Overloaded() }.circuitBreaker(breaker)
      for _ in 0..<4 { await #expect(throws: Overloaded.self) { try await call() } }
      #expect(breaker.state(at: sim.now) == .open(until: .s(40)))
    }
  }

  /// One client over its own limit (HTTP's 429) must not shut the others out; a destination that is
  /// overloaded (503) counts.
  @Test(arguments: [
    (Pushback.retryAfter(.seconds(40)), CircuitBreakerState.closed),
    (.overloaded(retryAfter: .seconds(40)), .open(until: .s(40))), (.overloaded, .open(until: .s(5))),
    (.doNotRetry, .open(until: .s(5))), (.none, .open(until: .s(5))),
  ])
  func aLimitForOneClientIsNotTheDestinationsFault(pushback: Pushback, state: CircuitBreakerState) throws {
    try Simulation(seed: 1).run { sim in
      let breaker = CircuitBreaker("stock", policy: .small())
      let call = ServiceCall { (_: Void) in }.classify { _ in .failure(pushback) }.circuitBreaker(breaker)
      for _ in 0..<4 { try await call() }
      #expect(breaker.state(at: sim.now) == state)
      #expect(breaker.snapshot().failures == (state == .closed ? 0 : 4))
    }
  }

  @Test func aProbeThatMeetsALimitForOneClientDecidesNothing() throws {
    let breaker = CircuitBreaker("stock", policy: .small())
    for _ in 0..<4 { breaker.call(.failure, at: .s(0)) }
    try breaker.permit(at: .s(5)).finish(.failure, pushback: .retryAfter(.seconds(1)), at: .s(5))
    #expect(breaker.state(at: .s(5)) == .halfOpen)
    breaker.call(.success, at: .s(5))
    #expect(breaker.state(at: .s(5)) == .closed)
  }

  @Test func jitterComesFromTheSimulation() throws {
    func openUntil(seed: UInt64) throws -> CircuitBreakerState {
      try Simulation(seed: seed).run { sim in
        let breaker = CircuitBreaker(
          "stock",
          policy: CircuitBreakerPolicy(
            minimumThroughput: 2, openTime: .seconds(5), maxOpenTime: .seconds(60), halfOpenPermits: 1))
        let call = ServiceCall { (_: Void) in throw Broken() }.circuitBreaker(breaker)
        for _ in 0..<2 { await #expect(throws: Broken.self) { try await call() } }
        return breaker.state(at: sim.now)
      }
    }
    #expect(try openUntil(seed: 1) == openUntil(seed: 1))
    #expect(try openUntil(seed: 1) != openUntil(seed: 2))
  }

  /// A classifier cannot throw: its type says so. One that works with what throws says what that means, and
  /// the probe's permit is back either way.
  @Test func aClassifierWithAThrowingHeartCountsOnceAndLosesNoPermit() throws {
    struct Unreadable: Error {}
    @Sendable func parse(_ text: String) throws -> Bool {
      guard let value = Bool(text) else { throw Unreadable() }
      return value
    }
    try Simulation(seed: 1).run { sim in
      let breaker = CircuitBreaker("stock", policy: .small())
      let call = ServiceCall { (text: String) in text }
        .classify { result in
          guard case .success(let text) = result else { return nil }
          return (try? parse(text)) == true ? .success : .failure
        }
        .circuitBreaker(breaker)
      for _ in 0..<4 { _ = try await call("garbage") }
      #expect(breaker.snapshot().failures == 4)
      try await sim.sleep(for: .seconds(5))
      _ = try await call("garbage")
      #expect(breaker.snapshot().failures == 5)
      #expect(breaker.snapshot().probesRunning == 0)
      try await sim.sleep(for: .seconds(10))
      _ = try await call("true")
      #expect(breaker.snapshot().state == .closed)
    }
  }

  @Test func oneErrorIsBoxedForEachOpening() throws {
    try Simulation(seed: 1).run { sim in
      let breaker = CircuitBreaker("stock", policy: .small())
      breaker.trip(at: sim.now)
      let call = ServiceCall { (_: Void) in }.circuitBreaker(breaker)
      var boxes: Set<UInt> = []
      for _ in 0..<5 {
        do {
          try await call()
        } catch {
          withUnsafeBytes(of: error) { box in _ = boxes.insert(box.load(as: UInt.self)) }
        }
      }
      #expect(boxes.count == 1)
    }
  }
}
