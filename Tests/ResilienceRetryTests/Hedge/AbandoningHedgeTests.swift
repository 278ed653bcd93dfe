import ResilienceCore
import ResilienceRetry
import ResilienceTestKit
import ResilienceTestSupport
import Testing

private let after100 = HedgePolicy(delay: .fixed(.milliseconds(100)))

/// Hedges whose callers do not wait for the losers.
@Suite struct AbandoningHedgeTests {
  /// Attempts take so long each, in milliseconds; some ignore their cancellation, some fail.
  private func call(
    taking durations: [Int64], deaf: Set<Int> = [], failing: Set<Int> = [], _ ended: Log<Int> = Log()
  ) -> ServiceCall<Int, Int> {
    ServiceCall("stock") { (_: Int, context: CallContext) in
      let attempt = Int(context.attempt)
      defer { ended.append(attempt) }
      let duration = Duration.milliseconds(durations[attempt - 1])
      if deaf.contains(attempt) {
        await uninterrupted(for: duration)
      } else {
        try await context.clock.sleep(for: duration)
      }
      if failing.contains(attempt) { throw Failure(number: attempt) }
      return attempt
    }
  }

  // MARK: - A loser that is deaf

  @Test func row74_theAnswerDoesNotWaitForALoserThatIsDeafToCancellation() throws {
    let told = Log<AbandonedWorkEvent>()
    let (_, events) = try simulate { sim in
      let (abandoned, ended) = (AbandonedWork("stock") { told.append($0) }, Log<Int>())
      let hedged = call(taking: [10_000, 0], deaf: [1], ended).hedge(after100, abandoning: abandoned)
      try await #expect(hedged(1) == 2)
      #expect(sim.now == .milliseconds(100))
      #expect(abandoned.snapshot() == AbandonedWorkSnapshot(name: "stock", running: 1, total: 1))
      #expect(ended.entries == [2])
      #expect(hedged.snapshot().won == 1)
      try await sim.advance(by: .seconds(10))
      #expect(abandoned.snapshot() == AbandonedWorkSnapshot(name: "stock", running: 0, total: 1))
      #expect(ended.entries == [2, 1])
    }
    let left = AbandonedWorkEvent.left(call: "stock", after: .milliseconds(100))
    let end = AbandonedWorkEvent.ended(call: "stock", overdue: .milliseconds(9_900), error: nil)
    #expect(told.entries == [left, end])
    #expect(
      events == [
        "hedge.started call=stock attempt=2 after_seconds=0.1", "\(left)",
        "hedge.won call=stock attempt=2", "hedge.lost call=stock attempt=1", "\(end)",
      ])
  }

  @Test func row74_aLoserThatIsDeafIsCancelledAllTheSame() throws {
    try Simulation(seed: 1).run { sim in
      let cancelled = Log<Instant>()
      let hedged = ServiceCall { (_: Int, context: CallContext) in
        guard context.attempt == 1 else { return }
        do { try await context.clock.sleep(for: .seconds(60)) } catch { cancelled.append(sim.now) }
        await uninterrupted(for: .seconds(1))
      }.hedge(after100, abandoning: AbandonedWork("stock"))
      try await hedged(1)
      try await sim.advance(by: .seconds(1))
      #expect(cancelled.entries == [.milliseconds(100)])
    }
  }

  /// The handlers of a cancellation are somebody's code and may block: the clock runs them, not the caller's
  /// task.
  @Test func row74_aCancellationHandlerDoesNotRunInTheCallersTask() throws {
    try Simulation(seed: 1).run { sim in
      let tasks = Log<Int?>()
      let hedged = ServiceCall { (_: Int, context: CallContext) in
        guard context.attempt == 1 else { return }
        await withTaskCancellationHandler {
          await uninterrupted(for: .seconds(1))
        } onCancel: {
          tasks.append(withUnsafeCurrentTask { $0?.hashValue })
        }
      }.hedge(after100, abandoning: AbandonedWork("stock"))
      try await hedged(1)
      #expect(sim.now == .milliseconds(100))
      try await sim.advance(by: .seconds(1))
      #expect(tasks.entries.count == 1)
      #expect(tasks.entries.first != withUnsafeCurrentTask { $0?.hashValue })
    }
  }

  /// Of three attempts the second decides the call with an error that says not to try again.
  @Test func row74_anErrorThatDecidesTheCallDoesNotWaitEither() throws {
    try Simulation(seed: 1).run { sim in
      let abandoned = AbandonedWork("stock")
      let policy = HedgePolicy(maxAttempts: 3, delay: .fixed(.milliseconds(100)))
      let hedged = call(taking: [10_000, 150, 10_000], deaf: [1, 3], failing: [2])
        .classify { result in if case .failure(is Failure) = result { .failure(.doNotRetry) } else { nil } }
        .hedge(policy, abandoning: abandoned)
      await #expect(throws: Failure(number: 2)) { try await hedged(1) }
      #expect(sim.now == .milliseconds(250))
      #expect(abandoned.snapshot().running == 2)
    }
  }

  // MARK: - Nobody is left

  @Test func aQuickCallAndOneWhoseAttemptsAllEndLeaveNothing() throws {
    let (_, events) = try simulate { sim in
      let abandoned = AbandonedWork("stock")
      try await #expect(call(taking: [99], deaf: [1]).hedge(after100, abandoning: abandoned)(1) == 1)
      await #expect(throws: Failure(number: 1)) {
        try await call(taking: [200, 50], deaf: [1, 2], failing: [1, 2])
          .hedge(after100, abandoning: abandoned)(1)
      }
      #expect(sim.now == .milliseconds(99 + 200))
      #expect(abandoned.snapshot().total == 0)
    }
    #expect(events.allSatisfy { !$0.hasPrefix("abandoned") })
  }

  @Test func itForwardsTraitsAndOutcomesAndSharesItsBudgetWithARetry() throws {
    try Simulation(seed: 1).run { _ in
      let hedged = call(taking: [110, 5]).named("other").hedge(after100, abandoning: AbandonedWork("stock"))
      #expect(hedged.traits.name == "other")
      let retried = hedged.retry()
      // With a budget each the hedge's own would be empty after its reserve of 3.
      for _ in 1...100 { _ = try await retried(1) }
      #expect(retried.base.snapshot().started == 3 + 10)
    }
  }

  // MARK: - No more than is allowed

  @Test func row74_whenTheLimitIsLeftRunningTheCallerWaitsForTheLoser() throws {
    let (_, events) = try simulate { sim in
      let abandoned = AbandonedWork("stock", limit: 1)
      let hedged = call(taking: [10_000, 0], deaf: [1]).hedge(after100, budget: nil, abandoning: abandoned)
      try await #expect(hedged(1) == 2)
      #expect(sim.now == .milliseconds(100))
      try await #expect(hedged(1) == 2)
      #expect(sim.now == .milliseconds(10_100))
      #expect(abandoned.snapshot() == AbandonedWorkSnapshot(name: "stock", running: 0, total: 1, refused: 1))
    }
    #expect(events.contains("abandoned_work.refused call=stock running=1"))
  }

  /// Two losers, and room for one: the caller waits for the other.
  @Test func row74_eachLoserIsCountedByItself() throws {
    try Simulation(seed: 1).run { sim in
      let abandoned = AbandonedWork("stock", limit: 1)
      let policy = HedgePolicy(maxAttempts: 3, delay: .fixed(.milliseconds(100)))
      let hedged = call(taking: [10_000, 5_000, 0], deaf: [1, 2])
        .hedge(policy, abandoning: abandoned)
      try await #expect(hedged(1) == 3)
      #expect(sim.now == .milliseconds(5_100))
      #expect(abandoned.snapshot() == AbandonedWorkSnapshot(name: "stock", running: 1, total: 1, refused: 1))
    }
  }

  // MARK: - The caller's cancellation

  @Test(arguments: [20, 150])
  func row74_aCancelledCallerWaitsNoLongerThan10Milliseconds(cancelledAt: Int64) throws {
    let exploration = try Simulation.exploreEveryInterleaving { sim in
      let abandoned = AbandonedWork("stock")
      let hedged = call(taking: [10_000, 10_000], deaf: [1, 2])
        .hedge(after100, budget: nil, abandoning: abandoned)
      try await cancelling(after: .milliseconds(cancelledAt), sim) {
        await #expect(throws: CancellationError.self) { try await hedged(1) }
        try sim.require(sim.now == .milliseconds(cancelledAt + 10), "ended at \(sim.now)")
        let running = abandoned.snapshot().running
        try sim.require(running == (cancelledAt == 20 ? 1 : 2), "\(running) left")
      }
      try await sim.advance(by: .seconds(20))
      try sim.require(abandoned.snapshot().running == 0, "\(abandoned.snapshot())")
    }
    #expect(exploration.isComplete)
  }

  @Test func row74_aCancelledCallerWhoseAttemptsHearItEndsAtOnce() throws {
    let exploration = try Simulation.exploreEveryInterleaving { sim in
      let abandoned = AbandonedWork("stock")
      let hedged = call(taking: [10_000, 10_000]).hedge(after100, budget: nil, abandoning: abandoned)
      try await cancelling(after: .milliseconds(150), sim) {
        await #expect(throws: CancellationError.self) { try await hedged(1) }
        try sim.require(sim.now == .milliseconds(150), "ended at \(sim.now)")
      }
      try sim.require(abandoned.snapshot().total == 0, "\(abandoned.snapshot())")
    }
    #expect(exploration.isComplete)
  }

  @Test func aValueThatComesWithin10MillisecondsOfTheCancellationIsReturned() throws {
    try Simulation(seed: 1).run { sim in
      let abandoned = AbandonedWork("stock")
      let hedged = call(taking: [10_000, 55], deaf: [1, 2])
        .hedge(after100, budget: nil, abandoning: abandoned)
      try await cancelling(after: .milliseconds(150), sim) {
        try await #expect(hedged(1) == 2)
        #expect(sim.now == .milliseconds(160))
      }
      #expect(abandoned.snapshot().total == 1)
    }
  }

  @Test func row74_aCancelledCallerThatMayNotLeaveWaitsForItsAttempts() throws {
    try Simulation(seed: 1).run { sim in
      let abandoned = AbandonedWork("stock", limit: 0)
      let hedged = call(taking: [300], deaf: [1]).hedge(
        after100, budget: RetryBudget(), abandoning: abandoned)
      try await cancelling(after: .milliseconds(50), sim) {
        try await #expect(hedged(1) == 1)
        #expect(sim.now == .milliseconds(300))
      }
      #expect(abandoned.snapshot() == AbandonedWorkSnapshot(name: "stock", running: 0, total: 0, refused: 1))
    }
  }

  @Test func cancelledBeforeItIsNotBegun() throws {
    try Simulation(seed: 1).run { sim in
      try await cancelling(after: .zero, sim) {
        await uninterrupted(for: .seconds(1))
        let call = ServiceCall { (_: Int) in Issue.record("begun after a cancellation") }
        await #expect(throws: CancellationError.self) {
          try await call.hedge(after100, abandoning: AbandonedWork("stock"))(1)
        }
      }
    }
  }

  // MARK: - Every order

  /// Attempts that end at the very instants at which others begin or at which the caller leaves.
  @Test(
    arguments: [[200, 100], [100, 0], [160, 60], [160, 160]] as [[Int64]], [Set<Int>(), [1], [2], [1, 2]])
  func row74_everyInterleavingCompletesAndCountsRight(durations: [Int64], deaf: Set<Int>) throws {
    for cancellation in [100, 150, 1_000] as [Int64] {
      let exploration = try Simulation.exploreEveryInterleaving { sim in
        let (told, ended) = (Log<AbandonedWorkEvent>(), Log<Int>())
        let abandoned = AbandonedWork("stock") { told.append($0) }
        let hedged = call(taking: durations, deaf: deaf, ended).hedge(
          after100, budget: nil, abandoning: abandoned)
        try await cancelling(after: .milliseconds(cancellation), sim) {
          do { _ = try await hedged(1) } catch is CancellationError {}
          try sim.require(sim.now <= .milliseconds(min(200, cancellation + 10)), "ended at \(sim.now)")
        }
        try await sim.advance(by: .seconds(1))
        let snapshot = abandoned.snapshot()
        try sim.require(snapshot.running == 0, "\(snapshot)")
        try sim.require(told.entries.count == 2 * snapshot.total, "\(told.entries)")
        try sim.require(hedged.snapshot().calls == 1, "\(hedged.snapshot())")
      }
      #expect(exploration.isComplete)
    }
  }

  /// The losers of fifty calls are left, and the other callers wait for theirs.
  @Test func onRealThreadsExactlyAsManyAsAreAllowedAreLeft() async throws {
    let (clock, abandoned) = (ManualClock(), AbandonedWork("stock", limit: 50))
    let hedged = call(taking: [3_600_000, 0], deaf: [1]).hedge(after100, budget: nil, abandoning: abandoned)
    let answers = try await CallContext.withEnvironment(CallEnvironment(clock: clock)) {
      try await withThrowingTaskGroup(of: Int.self) { group in
        for number in 1...300 { group.addTask { try await hedged(number) } }
        // The first attempt's own timer and the hedge's for each.
        try await clock.waitForSleepers(600)
        clock.advance(by: .milliseconds(100))
        for _ in 1...50 { try await #expect(group.next() == 2) }
        // Bounded, so that the test ends when more are let go than may.
        for _ in 1...1_000_000 where abandoned.snapshot().refused < 250 { await Task.yield() }
        #expect(
          abandoned.snapshot() == AbandonedWorkSnapshot(name: "stock", running: 50, total: 50, refused: 250))
        clock.advance(by: .seconds(3600))
        return try await group.reduce(0) { count, answer in count + (answer == 2 ? 1 : 0) }
      }
    }
    #expect(answers == 250)
    while abandoned.snapshot().running > 0 { await Task.yield() }
    #expect(clock.sleeperCount == 0)
  }
}

/// Waits whatever happens to the task, as a driver that knows no cancellation does.
private func uninterrupted(for duration: Duration) async {
  let clock = CallContext.current.clock
  await withUnsafeContinuation { continuation in
    _ = clock.schedule(at: clock.now.advanced(by: duration)) { continuation.resume() }
  }
}
