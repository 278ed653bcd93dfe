import Resilience
import ResilienceTestKit
import Testing

private struct Mine: Error, Hashable {}

/// Whose doing the end of a shared execution is, for the layers inside it: a time limit's when the last
/// caller's deadline had passed, else the caller's. The execution itself knows no deadline.
@Suite struct SharedExecutionTests {
  private enum Leaving: CaseIterable {
    case deadline, cancellation
  }

  /// One caller of a call that hangs, with `layers` inside the sharing.
  private func desert(
    _ leaving: Leaving, _ sim: Simulation, _ call: some Handler<Int, Int>
  ) async throws {
    switch leaving {
    case .deadline:
      await #expect(throws: (any Error).self) { try await call.deadline(.milliseconds(10))(1) }
    case .cancellation:
      try await cancelling(after: .milliseconds(10), sim) {
        await #expect(throws: (any Error).self) { try await call(1) }
      }
    }
  }

  private static func hanging(_ sim: Simulation, asItsOwnError: Bool = true) -> ServiceCall<Int, Int> {
    ServiceCall("stock") { (number: Int) in
      do { try await sim.sleep(for: .seconds(60)) } catch { throw asItsOwnError ? Mine() : error }
      return number
    }
  }

  @Test(arguments: [false, true])
  func row65_aHangThatALimitEndsCountsInsideASharedExecution(asItsOwnError: Bool) throws {
    for (leaving, failures) in [(Leaving.deadline, 1), (.cancellation, 0)] {
      try Simulation(seed: 1).run { sim in
        let breaker = CircuitBreaker("stock")
        let throttle = AdaptiveThrottle("stock")
        let call = Self.hanging(sim, asItsOwnError: asItsOwnError).throttle(throttle).circuitBreaker(breaker)
          .coalesce(by: \.self)
        try await desert(leaving, sim, call)
        #expect(breaker.snapshot().failures == failures, "\(leaving)")
        #expect(breaker.snapshot().windowCalls == failures, "\(leaving)")
        #expect(throttle.snapshot().accepts == 0)
        #expect(throttle.snapshot().attempts == failures, "\(leaving)")
      }
    }
  }

  /// The one that leaves last decides, not the one that began it.
  @Test func theLastCallerDecides() throws {
    for (first, second, failures) in [
      (Leaving.deadline, Leaving.cancellation, 0), (.cancellation, .deadline, 1),
    ] {
      try Simulation(seed: 1).run { sim in
        let breaker = CircuitBreaker("stock")
        let call = Self.hanging(sim).circuitBreaker(breaker).coalesce(by: \.self)
        async let early: Void = desert(first, sim, call)
        try await sim.sleep(for: .milliseconds(5))
        async let late: Void = desert(second, sim, call)
        _ = try await (early, late)
        #expect(breaker.snapshot().failures == failures, "\(first), then \(second)")
      }
    }
  }

  /// What waits in one's own queue is refused, and does not count; what is cancelled by the caller is no
  /// refusal.
  @Test func row64_waitingInAQueueInsideASharedExecutionIsNoFailure() throws {
    for leaving in Leaving.allCases {
      try Simulation(seed: 1).run { sim in
        let (breaker, endings) = (CircuitBreaker("stock"), Log<String>())
        let bulkhead = Bulkhead("stock", limit: .fixed(1), maxWaiting: 10)
        let bucket = TokenBucket("stock", limit: RateLimit(1, per: .seconds(3600), burst: 1), maxWaiting: 10)
        async let place: Void = bulkhead.run { try await sim.sleep(for: .seconds(60)) }
        _ = bucket.tryAcquire()
        try await sim.sleep(for: .milliseconds(1))
        let leaf = ServiceCall("stock") { (number: Int) in number }
        let queues = [
          leaf.bulkhead(bulkhead).erased(),
          leaf.rateLimit(bucket, mode: .wait).erased(),
        ]
        for queue in queues {
          let call = ServiceCall("outside") { (number: Int) in
            do {
              return try await queue(number)
            } catch {
              endings.append(error is any Rejection ? "refused" : "\(error)")
              throw error
            }
          }
          try await desert(leaving, sim, call.circuitBreaker(breaker).coalesce(by: \.self))
        }
        let ending = leaving == .deadline ? "refused" : "CancellationError()"
        #expect(endings.entries == [ending, ending])
        #expect(breaker.snapshot().windowCalls == 0)
        try await place
      }
    }
  }

  /// A sharing around a sharing: the inner one is deserted for the reason of the outer one.
  @Test func aSharingInsideASharingKnowsWhatEndedTheOuterOne() throws {
    for (leaving, failures) in [(Leaving.deadline, 1), (.cancellation, 0)] {
      try Simulation(seed: 1).run { sim in
        let breaker = CircuitBreaker("stock")
        let call = Self.hanging(sim).circuitBreaker(breaker).coalesce(by: \.self).coalesce(by: \.self)
        try await desert(leaving, sim, call)
        #expect(breaker.snapshot().failures == failures, "\(leaving)")
      }
    }
  }

  /// Nobody waits for a second attempt: one hang is one failure.
  @Test(arguments: [false, true])
  func aRetryInsideMakesNoFurtherAttemptForNobody(provesNothingRan: Bool) throws {
    for leaving in Leaving.allCases {
      try Simulation(seed: 1).run { sim in
        let (breaker, made) = (CircuitBreaker("stock"), Log<Int>())
        let budget = RetryBudget(ratio: 0, reserve: 5, refillInterval: nil)
        let call = ServiceCall("stock") { (number: Int) in
          made.append(number)
          do { try await sim.sleep(for: .seconds(60)) } catch { throw Mine() }
          return number
        }
        .classify { result in
          if provesNothingRan, case .failure(is Mine) = result { .failure(.notProcessed) } else { nil }
        }
        .circuitBreaker(breaker).retry(RetryPolicy(maxAttempts: 3, backoff: .none), budget: budget)
        .coalesce(by: \.self)
        try await desert(leaving, sim, call)
        #expect(made.entries.count == 1, "\(leaving)")
        #expect(budget.available == 5)
        #expect(breaker.snapshot().failures == (leaving == .deadline ? 1 : 0))
      }
    }
  }

  /// A retry inside says which of both ended it while it waited.
  @Test func aRetryInsideSaysWhatEndedIt() throws {
    for (leaving, reason) in [(Leaving.deadline, "deadline"), (.cancellation, "cancelled")] {
      try Simulation(seed: 1).run { sim in
        let events = Log<RetryEvent>()
        let policy = RetryPolicy(maxAttempts: 2, backoff: .constant(.seconds(60), jitter: .none))
        let call = ServiceCall("stock") { (_: Int) -> Int in throw Mine() }
          .retry(policy, onEvent: { events.append($0) }).coalesce(by: \.self)
        try await desert(leaving, sim, call)
        #expect(
          events.entries.last.map { "\($0)" }?.hasSuffix("reason=\(reason)") == true, "\(events.entries)")
      }
    }
  }
}
