import ResilienceCircuitBreaker
import ResilienceCore
import ResilienceTestKit
import ResilienceTestSupport
import Testing

@Suite struct CircuitBreakerHandlerTests {
  /// Ends after a second: as it is told, or cancelled.
  private let call = ServiceCall("payment") { (verdict: Verdict) in
    try await CallContext.current.clock.sleep(for: .seconds(1))
    switch verdict {
    case .success: return
    case .failure: throw Broken()
    case .neutral: throw CancellationError()
    }
  }

  private func trip(_ call: some Handler<Verdict, Void>) async {
    for _ in 0..<4 { await #expect(throws: Broken.self) { try await call(.failure) } }
  }

  @Test func opensAndRejectsWithoutCallingAndRecovers() throws {
    try Simulation(seed: 1).run { [call] sim in
      let breaker = CircuitBreaker("payment", policy: .small())
      let guarded = call.circuitBreaker(breaker)
      await trip(guarded)
      let before = sim.now
      await #expect(throws: CircuitOpen(breaker: "payment", retryAt: .s(9))) { try await guarded(.success) }
      #expect(sim.now == before)
      try await sim.sleep(for: .seconds(5))
      try await guarded(.success)
      #expect(breaker.snapshot().state == .closed)
    }
  }

  @Test func aRejectionIsToldToTheObserver() throws {
    let recorder = EventRecorder()
    try Simulation(seed: 1).run { [call] sim in
      let guarded = call.circuitBreaker(CircuitBreaker("payment", policy: .small()))
      await CallContext.withObserver(recorder) {
        await trip(guarded)
        await #expect(throws: CircuitOpen.self) { try await guarded(.success) }
      }
    }
    #expect(recorder.events.map(\.name) == ["circuit_breaker.opened", "circuit_breaker.rejected"])
  }

  @Test(arguments: 0..<20 as Range<UInt64>)
  func row2_aCancelledProbeNeverCloses(seed: UInt64) throws {
    try Simulation(seed: seed).run { [call] sim in
      let breaker = CircuitBreaker("payment", policy: .small())
      let guarded = call.circuitBreaker(breaker)
      await trip(guarded)
      try await sim.sleep(for: .seconds(5))
      await cancelling(after: .milliseconds(300), sim) { try await guarded(.success) }
      let snapshot = breaker.snapshot()
      #expect(snapshot.state == .halfOpen)
      #expect(snapshot.successes == 0)
      #expect(snapshot.probesRunning == 0)
    }
  }

  @Test func row9_afterACancelledProbeTheNextCallIsAdmitted() throws {
    try Simulation(seed: 3).run { [call] sim in
      let breaker = CircuitBreaker("payment", policy: .small())
      let guarded = call.circuitBreaker(breaker)
      await trip(guarded)
      try await sim.sleep(for: .seconds(5))
      await cancelling(after: .milliseconds(300), sim) { try await guarded(.success) }
      try await guarded(.success)
      #expect(breaker.snapshot().state == .closed)
    }
  }

  @Test(arguments: 0..<30 as Range<UInt64>)
  func row5_concurrentCallsAtTheTransitionAdmitExactlyThePermits(seed: UInt64) throws {
    try Simulation(seed: seed).run { [call] sim in
      let breaker = CircuitBreaker("payment", policy: .small(permits: 3))
      let guarded = call.circuitBreaker(breaker)
      await trip(guarded)
      let outcomes = await withTaskGroup { group in
        for _ in 0..<20 {
          group.addTask {
            do {
              try await sim.sleep(for: .seconds(5))
              try await guarded(.success)
              return true
            } catch {
              return false
            }
          }
        }
        return await group.reduce(into: [Bool]()) { $0.append($1) }
      }
      #expect(outcomes.count { $0 } == 3)
      #expect(breaker.snapshot().state == .closed)
    }
  }

  /// Whatever error a client throws when it is cancelled.
  @Test(arguments: [true, false])
  func row11_cancelledCallsNeverTrip(clientThrowsItsOwnError: Bool) throws {
    try Simulation(seed: 5).run { sim in
      let breaker = CircuitBreaker("payment", policy: .small())
      let guarded = ServiceCall { (_: Int) in
        do {
          try await CallContext.current.clock.sleep(for: .seconds(1))
        } catch {
          if clientThrowsItsOwnError { throw Broken() }
          throw error
        }
      }
      .circuitBreaker(breaker)
      for _ in 0..<50 {
        await cancelling(after: .milliseconds(10), sim) { try await guarded(1) }
      }
      #expect(breaker.snapshot().state == .closed)
      #expect(breaker.snapshot().failures == 0)
    }
  }

  /// Inside this module: the error of an inner limit counts, and so does a cancellation that the caller did
  /// not cause; an inner rejection does not. The caller's cancellation is the test above.
  @Test(arguments: [(0, 1), (1, 1), (2, 0)])
  func row14_anInnerTimeoutIsAFailureAndARejectionNeutral(kind: Int, failures: Int) async throws {
    struct InnerTimeout: Error {}
    struct InnerRejection: Rejection { var retryAt: Instant? { nil } }
    let errors: [any Error] = [InnerTimeout(), CancellationError(), InnerRejection()]
    let breaker = CircuitBreaker("payment")
    let guarded = ServiceCall { (_: Int) in throw errors[kind] }.circuitBreaker(breaker)
    try? await guarded(1)
    #expect(breaker.snapshot().failures == failures)
    #expect(breaker.snapshot().successes == 0)
  }

  @Test func theLeafSaysWhatCounts() async throws {
    let breaker = CircuitBreaker("http", policy: .small())
    let guarded = ServiceCall { (status: Int) in status }
      .classify { result in
        if case .success(let status) = result, status >= 500 { .failure } else { nil }
      }
      .circuitBreaker(breaker)
    for status in [200, 503, 200, 503] { #expect(try await guarded(status) == status) }
    await #expect(throws: CircuitOpen.self) { try await guarded(200) }
  }

  @Test func runWorksInsideAnActorOnItsOwnStateWithAResultThatIsNotSendable() async throws {
    final class Receipt { var lines = 0 }
    actor Till {
      let breaker = CircuitBreaker("till", policy: .small())
      var sales = 0
      func sell() async throws -> Int {
        let receipt = try await breaker.run {
          sales += 1
          self.assertIsolated()
          let receipt = Receipt()
          receipt.lines = sales
          return receipt
        }
        receipt.lines += 1
        return receipt.lines
      }
      func fail() async { await #expect(throws: Broken.self) { try await breaker.run { throw Broken() } } }
    }
    let till = Till()
    #expect(try await till.sell() == 2)
    for _ in 0..<3 { await till.fail() }
    await #expect(throws: CircuitOpen.self) { try await till.sell() }
  }

  private func cancelling(
    after delay: Duration, _ sim: Simulation, _ body: @escaping @Sendable () async throws -> Void
  ) async {
    await withTaskGroup { group in
      group.addTask { try? await body() }
      try? await sim.sleep(for: delay)
      group.cancelAll()
    }
  }
}
