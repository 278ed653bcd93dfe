import ResilienceCore
import ResilienceRetry
import ResilienceTestKit
import ResilienceTestSupport
import Testing

/// Retries as they run: in virtual time, with waits, budgets, deadlines and cancellations.
@Suite struct RetryTimingTests {
  static let afterASecond = RetryPolicy(maxAttempts: 3, backoff: .constant(.seconds(1), jitter: .none))

  private func failing(
    _ sim: Simulation, into starts: Log<Instant>, taking duration: Duration = .zero
  ) -> ServiceCall<Int, Void> {
    ServiceCall("stock") { (_: Int, context: CallContext) in
      starts.append(sim.now)
      if duration > .zero { try await sim.sleep(for: duration) }
      throw Failure(number: Int(context.attempt))
    }
  }

  // MARK: - Waits

  @Test func aThousandCallersWhoAreToldToWaitTwentySecondsComeBackOverTwo() throws {
    let backs = Log<Instant>()
    try Simulation(seed: 3).run { sim in
      let busy = ServiceCall { (_: Void, context: CallContext) in
        if context.attempt == 2 { return backs.append(sim.now) }
        throw Failure(number: 1)
      }
      .classify { if case .failure = $0 { .failure(.retryAfter(.seconds(20))) } else { nil } }
      .retry(budget: nil)
      await withTaskGroup { group in
        for _ in 0..<1000 { group.addTask { try? await busy() } }
      }
    }
    let seconds = backs.entries.map { Double($0.nanoseconds) / 1e9 }.sorted()
    #expect(seconds.count == 1000)
    #expect(seconds[0] >= 20)
    #expect(seconds[990] - seconds[10] >= 2)
    let most = (0..<900).map { first in seconds[first...].prefix { $0 < seconds[first] + 0.05 }.count }.max()
    #expect(most ?? 0 < 60, "\(most ?? 0) within 50 ms")
  }

  /// With the default budget: a quiet client is not without retries.
  @Test func aClientWithACallAnHourOfWhichEachFailsOnceHasAllOfThemRetried() throws {
    let failures = Log<Instant>()
    try Simulation(seed: 3).run { sim in
      let flaky = ServiceCall { (_: Void, context: CallContext) in
        if context.attempt == 1 {
          failures.append(sim.now)
          throw Failure(number: 1)
        }
      }
      .retry()
      for _ in 0..<24 {
        try await flaky()
        try await sim.sleep(for: .seconds(3600))
      }
    }
    #expect(failures.entries.count == 24)
  }

  @Test(arguments: 1...20 as ClosedRange<UInt64>)
  func row19_theDelayThatIsReportedIsTheDelayThatIsSlept(seed: UInt64) throws {
    let recorder = EventRecorder()
    let starts = Log<Instant>()
    try Simulation(seed: seed).run { sim in
      await CallContext.withObserver(recorder) {
        let retried = failing(sim, into: starts).retry(RetryPolicy(maxAttempts: 5))
        await #expect(throws: Failure(number: 5)) { try await retried(1) }
      }
    }
    let reported = recorder.events.compactMap { event in
      if case .scheduled(_, _, let delay, _, _, _) = event as? RetryEvent { delay } else { nil }
    }
    let slept = zip(starts.entries, starts.entries.dropFirst()).map { $0.duration(to: $1) }
    #expect(reported.count == 4)
    #expect(reported == slept)
  }

  @Test func eventsTellAttemptsDelaysAndTheReason() throws {
    let (_, events) = try simulate { sim in
      let retried = failing(sim, into: Log()).retry(Self.afterASecond)
      await #expect(throws: Failure(number: 3)) { try await retried(1) }
    }
    #expect(
      events == [
        "retry.scheduled call=stock attempt=2 delay_seconds=1.0 last=false refused=false",
        "retry.scheduled call=stock attempt=3 delay_seconds=1.0 last=true refused=false",
        "retry.gave_up call=stock attempts=3 reason=attempts_exhausted",
      ])
  }

  @Test func noDelayArmsNoTimer() throws {
    let clock = ManualClock()
    let starts = Log<UInt16>()
    let retried = ServiceCall { (_: Int, context: CallContext) in
      starts.append(context.attempt)
      throw Failure()
    }.retry(RetryPolicy(backoff: .none))
    let environment = CallEnvironment(clock: clock)
    try Simulation(seed: 1).run { _ in
      // The manual clock is never advanced, so whoever sleeps on it never returns.
      await CallContext.withEnvironment(environment) {
        _ = await #expect(throws: Failure.self) { try await retried(1) }
      }
    }
    #expect(starts.entries == [1, 2, 3])
    #expect(clock.sleeperCount == 0)
  }

  // MARK: - The budget

  @Test func withoutABudgetEveryFailureIsRetried() throws {
    let starts = Log<Instant>()
    try Simulation(seed: 1).run { sim in
      let retried = failing(sim, into: starts).retry(Self.afterASecond, budget: nil)
      await withTaskGroup { group in
        for _ in 1...100 { group.addTask { try? await retried(1) } }
      }
    }
    #expect(starts.entries.count == 300)
  }

  // MARK: - The deadline

  @Test(arguments: [(900, 1, 0), (1_000, 1, 0), (1_001, 2, 1_000), (2_000, 2, 1_000), (2_001, 3, 2_000)])
  func aRetryThatCannotBeginBeforeTheDeadlineIsNotWaitedFor(
    deadline: Int64, attempts: Int, end: Int64
  ) throws {
    let starts = Log<Instant>()
    let (instant, events) = try simulate { sim in
      let retried = failing(sim, into: starts).retry(Self.afterASecond)
      await #expect(throws: Failure(number: attempts)) {
        try await retried.handle(1, context: .current(deadline: .milliseconds(deadline)))
      }
      return sim.now
    }
    #expect(starts.entries.count == attempts)
    #expect(instant == .milliseconds(end))
    #expect(attempts == 3 || events.last == "retry.gave_up call=stock attempts=\(attempts) reason=deadline")
  }

  @Test(arguments: [
    RetryPolicy(maxAttempts: 10_000, backoff: .none), RetryPolicy(maxAttempts: 10_000),
    RetryPolicy(maxAttempts: 10_000, backoff: .constant(.milliseconds(7))),
  ])
  func row25_theDeadlineBoundsTheWholeStack(policy: RetryPolicy) throws {
    for seed in 1...20 as ClosedRange<UInt64> {
      let end = try Simulation(seed: seed).run { sim in
        let stack = failing(sim, into: Log(), taking: .milliseconds(3)).retry(policy, budget: nil)
          .retry(policy, budget: nil)
        await #expect(throws: Failure.self) {
          try await stack.handle(1, context: .current(deadline: .milliseconds(5_000)))
        }
        return sim.now
      }
      #expect(end <= .milliseconds(5_003), "at most one attempt of 3 ms begins before the deadline")
    }
  }

  // MARK: - Cancellation

  @Test func cancellationIsNotRetried() throws {
    let starts = Log<Instant>()
    let (end, events) = try simulate { sim in
      let retried = ServiceCall("stock") { (_: Int) in
        starts.append(sim.now)
        try await sim.sleep(for: .seconds(60))
      }.retry(Self.afterASecond)
      try await cancelling(after: .seconds(5), sim) {
        await #expect(throws: CancellationError.self) { try await retried(1) }
      }
      return sim.now
    }
    #expect(starts.entries.count == 1)
    #expect(end == .milliseconds(5_000))
    #expect(events == ["retry.gave_up call=stock attempts=1 reason=cancelled"])
  }

  @Test func aFailureOfACancelledTaskIsNotRetried() throws {
    let starts = Log<Instant>()
    let (_, events) = try simulate { sim in
      let retried = ServiceCall("stock") { (_: Int) in
        starts.append(sim.now)
        do { try await sim.sleep(for: .seconds(60)) } catch { throw Failure(number: 7) }
      }.retry(Self.afterASecond)
      try await cancelling(after: .seconds(5), sim) {
        await #expect(throws: Failure(number: 7)) { try await retried(1) }
      }
    }
    #expect(starts.entries.count == 1)
    #expect(events == ["retry.gave_up call=stock attempts=1 reason=cancelled"])
  }

  @Test func cancellationDuringAWaitEndsItWithTheLastError() throws {
    let budget = RetryBudget(ratio: 0, reserve: 10, refillInterval: nil)
    let (end, events) = try simulate { sim in
      let retried = failing(sim, into: Log()).retry(Self.afterASecond, budget: budget)
      try await cancelling(after: .milliseconds(1_500), sim) {
        await #expect(throws: Failure(number: 2)) { try await retried(1) }
      }
      return sim.now
    }
    #expect(end == .milliseconds(1_500))
    #expect(events.last == "retry.gave_up call=stock attempts=2 reason=cancelled")
    #expect(budget.available == 9, "the token of the retry that was not made is handed back")
  }

  @Test func cancellationDuringAWaitEndsItWithTheLastValue() throws {
    let (end, _) = try simulate { sim in
      let retried = ServiceCall { (_: Int) in 503 }.classify { _ in .failure }.retry(Self.afterASecond)
      try await cancelling(after: .milliseconds(500), sim) {
        let value = try await retried(1)
        #expect(value == 503)
      }
      return sim.now
    }
    #expect(end == .milliseconds(500))
  }

  /// Attempts of 10 ms, waits of 10 ms: every millisecond from the begin to the end is a point of
  /// cancellation.
  @Test(arguments: 0...50 as ClosedRange<Int64>)
  func row28_cancellationAtAnyPointEndsTheCall(milliseconds: Int64) throws {
    let policy = RetryPolicy(maxAttempts: 3, backoff: .constant(.milliseconds(10), jitter: .none))
    for seed in 1...20 as ClosedRange<UInt64> {
      let budget = RetryBudget(ratio: 0, reserve: 10, refillInterval: nil)
      let starts = Log<Instant>()
      let end = try Simulation(seed: seed).run { sim in
        let retried = failing(sim, into: starts, taking: .milliseconds(10)).retry(policy, budget: budget)
        try await cancelling(after: .milliseconds(milliseconds), sim) {
          await #expect(throws: (any Error).self) { try await retried(1) }
        }
        return sim.now
      }
      #expect(end == .milliseconds(50) || milliseconds < 50 && end == .milliseconds(milliseconds))
      #expect(10 - budget.available == max(0, starts.entries.count - 1))
    }
  }

  /// Attempts that suspend, the wait between them and a canceller, in every order in which they can meet.
  @Test(arguments: [2, 3], 0...9)
  func row28_cancellationInEveryInterleavingEndsTheCall(maxAttempts: Int, turns: Int) throws {
    let policy = RetryPolicy(
      maxAttempts: maxAttempts, backoff: .constant(.milliseconds(1), jitter: .none))
    let exploration = try Simulation.exploreEveryInterleaving { sim in
      let budget = RetryBudget(ratio: 0, reserve: 10, refillInterval: nil)
      let starts = Log<Int>()
      let retried = ServiceCall { (_: Int) in
        starts.append(1)
        await Task.yield()
        throw Failure()
      }.retry(policy, budget: budget)
      let ended = Log<Int>()
      await withTaskGroup { group in
        group.addTask {
          try? await retried(1)
          ended.append(1)
        }
        for _ in 0..<turns { await Task.yield() }
        // The instants at which the waits end.
        if turns >= 7 { try? await sim.sleep(for: .milliseconds(Int64(turns - 6))) }
        group.cancelAll()
      }
      try sim.require(ended.entries.count == 1, "the call did not end")
      let retries = max(0, starts.entries.count - 1)
      try sim.require(10 - budget.available == retries, "\(budget.available) left after \(retries) retries")
    }
    #expect(exploration.isComplete)
  }

  @Test(arguments: 0...50 as ClosedRange<Int64>)
  func row28_aDeadlineAtAnyPointEndsTheCall(milliseconds: Int64) throws {
    let policy = RetryPolicy(maxAttempts: 3, backoff: .constant(.milliseconds(10), jitter: .none))
    let budget = RetryBudget(ratio: 0, reserve: 10, refillInterval: nil)
    let starts = Log<Instant>()
    let end = try Simulation(seed: 1).run { sim in
      let retried = failing(sim, into: starts, taking: .milliseconds(10)).retry(policy, budget: budget)
      await #expect(throws: Failure.self) {
        try await retried.handle(1, context: .current(deadline: .milliseconds(milliseconds)))
      }
      return sim.now
    }
    // An attempt that was begun is not the retry's to end.
    #expect(starts.entries.dropFirst().allSatisfy { $0 < .milliseconds(milliseconds) })
    #expect(end == starts.entries.last?.advanced(by: .milliseconds(10)))
    #expect(10 - budget.available == starts.entries.count - 1)
  }
}
