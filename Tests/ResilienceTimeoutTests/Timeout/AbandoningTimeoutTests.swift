import ResilienceCore
import ResilienceTestKit
import ResilienceTestSupport
import Testing

@testable import ResilienceTimeout

@Suite struct AbandoningTimeoutTests {
  /// Takes `duration` and ignores cancellation; then fails for a negative number.
  private func stubborn(_ duration: Duration, _ ended: Log<Int> = Log()) -> ServiceCall<Int, Int> {
    ServiceCall("payment") { number in
      await uninterrupted(for: duration)
      ended.append(number)
      if number < 0 { throw Failure(number: number) }
      return number
    }
  }

  // MARK: - In time

  @Test(arguments: [0, 1, 999])
  func workThatEndsInTimeIsAnsweredAsIfNothingWereAround(milliseconds: Int64) throws {
    let (_, events) = try simulate { sim in
      let work = AbandonedWork("payment")
      let call = stubborn(.milliseconds(milliseconds)).timeout(.seconds(1), abandoning: work)
      let value = try await call(7)
      #expect(value == 7)
      await #expect(throws: Failure(number: -7)) { try await call(-7) }
      #expect(work.snapshot() == AbandonedWorkSnapshot(name: "payment", running: 0, total: 0))
    }
    #expect(events.isEmpty)
  }

  @Test func workThatDoesNotSuspendNeedsNoTimer() async throws {
    let clock = CountingClock()
    let call = ServiceCall { $0 + 1 }.timeout(.seconds(1), abandoning: AbandonedWork("payment"))
    let value = try await CallContext.withEnvironment(CallEnvironment(clock: clock)) { try await call(7) }
    #expect(value == 8)
    #expect(clock.scheduled == 0)
  }

  // MARK: - Too late

  @Test(arguments: [
    (7, nil), (-7, "Failure(number: -7)"),
  ])
  func theCallerGoesOnAfterTheLimitAndTheWorkRunsToItsEnd(number: Int, failure: String?) throws {
    let told = Log<AbandonedWorkEvent>()
    let (_, events) = try simulate { sim in
      let ended = Log<Int>()
      let work = AbandonedWork("payment") { told.append($0) }
      let call = stubborn(.seconds(60), ended).timeout(.seconds(1), abandoning: work)
      let error = await #expect(throws: TimedOut.self) { try await call(number) }
      #expect(sim.now == .milliseconds(1_010))
      #expect(error?.isAbandoned == true)
      #expect("\(error as Any)".contains("payment timed out after 1 s; it was left running"))
      #expect(work.snapshot() == AbandonedWorkSnapshot(name: "payment", running: 1, total: 1))
      #expect(ended.entries.isEmpty)
      try await sim.advance(by: .seconds(59))
      #expect(ended.entries == [number])
      #expect(work.snapshot() == AbandonedWorkSnapshot(name: "payment", running: 0, total: 1))
    }
    let ending = AbandonedWorkEvent.ended(call: "payment", overdue: .milliseconds(58_990), error: failure)
    #expect(told.entries == [.left(call: "payment", after: .milliseconds(1_010)), ending])
    #expect(
      events == [
        "abandoned_work.left call=payment after_seconds=1.01",
        "timeout.expired call=payment limit_seconds=1.0",
        "\(ending)",
      ])
  }

  @Test func workThatIsDeafForAWhileIsCancelledAtTheLimitAndThenAbandoned() throws {
    try Simulation(seed: 1).run { sim in
      let cancelled = Log<Instant>()
      let call = ServiceCall { (_: Int) in
        do { try await sim.sleep(for: .seconds(60)) } catch { cancelled.append(sim.now) }
        await uninterrupted(for: .milliseconds(50))
      }
      let work = AbandonedWork("payment")
      await #expect(throws: TimedOut.self) { try await call.timeout(.seconds(1), abandoning: work)(1) }
      #expect(sim.now == .milliseconds(1_010))
      #expect(cancelled.entries == [.milliseconds(1_000)])
      try await sim.advance(by: .milliseconds(40))
      #expect(work.snapshot() == AbandonedWorkSnapshot(name: "payment", running: 0, total: 1))
    }
  }

  /// In every order: work that hears its cancellation ends its call at the limit, and is not left behind.
  @Test(arguments: [false, true])
  func workThatHearsItsCancellationIsAnsweredAtTheLimitAndNotAbandoned(returns: Bool) throws {
    let exploration = try Simulation.exploreEveryInterleaving { sim in
      let told = Log<AbandonedWorkEvent>()
      let work = AbandonedWork("payment") { told.append($0) }
      let call = ServiceCall { (_: Int) in
        do { try await sim.sleep(for: .seconds(60)) } catch  where returns {}
      }
      do {
        try await call.timeout(.seconds(1), abandoning: work)(1)
        try sim.require(returns, "a value from work that threw")
      } catch let error as TimedOut {
        try sim.require(!returns && !error.isAbandoned && error.underlying == nil, "\(error)")
      }
      try sim.require(sim.now == .milliseconds(1_000), "answered at \(sim.now)")
      try sim.require(work.snapshot().total == 0 && told.entries.isEmpty, "\(told.entries)")
    }
    #expect(exploration.isComplete)
  }

  /// The work ends at the very instant at which its caller leaves: a value, or an abandonment that ends at
  /// once.
  @Test func completionRacingTheTimerIsOneOrTheOther() throws {
    let endings = Log<String>()
    let exploration = try Simulation.exploreEveryInterleaving { sim in
      let told = Log<AbandonedWorkEvent>()
      let work = AbandonedWork("payment") { told.append($0) }
      do {
        _ = try await stubborn(.milliseconds(1_010)).timeout(.seconds(1), abandoning: work)(7)
        try sim.require(work.snapshot().total == 0 && told.entries.isEmpty, "\(told.entries)")
        endings.append("value")
      } catch {
        try await sim.advance(by: .zero)
        try sim.require(error is TimedOut, "\(error)")
        try sim.require(work.snapshot().running == 0 && work.snapshot().total == 1, "\(work.snapshot())")
        let expected = ["abandoned_work.left", "abandoned_work.ended"]
        try sim.require(told.entries.map(\.name) == expected, "\(told.entries)")
        endings.append("abandoned")
      }
    }
    #expect(exploration.isComplete)
    #expect(Set(endings.entries) == ["value", "abandoned"])
  }

  // MARK: - Deadlines and the caller's cancellation

  @Test func theCallersDeadlineCutsTheLimitShort() throws {
    try Simulation(seed: 1).run { sim in
      let work = AbandonedWork("payment")
      let call = stubborn(.seconds(60)).timeout(.seconds(5), abandoning: work).deadline(.seconds(1))
      let error = await #expect(throws: TimedOut.self) { try await call(7) }
      #expect(error?.isCutShort == true)
      #expect(sim.now == .milliseconds(1_010))
    }
  }

  @Test func expiredWorkIsNotBegun() throws {
    try Simulation(seed: 1).run { sim in
      let call = ServiceCall { (_: Int) in Issue.record("begun after its deadline") }
      try await sim.sleep(for: .milliseconds(100))
      await #expect(throws: DeadlineExceeded(overdue: .milliseconds(60))) {
        try await call.timeout(.seconds(1), abandoning: AbandonedWork("payment"))
          .handle(1, context: .current(deadline: .milliseconds(40)))
      }
    }
  }

  /// A cancelled caller waits for stubborn work, but no longer than the limit and 10 ms; for other work not
  /// at all.
  @Test(arguments: [0, 300, 1000], [200, 400, 60_000])
  func row28_aCancelledCallerEndsWithTheWorkOrAfterTheLimit(cancelledAt: Int64, takes: Int64) throws {
    let exploration = try Simulation.exploreEveryInterleaving { sim in
      let work = AbandonedWork("payment")
      let call = stubborn(.milliseconds(takes)).timeout(.seconds(1), abandoning: work)
      try await cancelling(after: .milliseconds(cancelledAt), sim) {
        do {
          _ = try await call(7)
          try sim.require(takes <= 1000, "a value from abandoned work")
        } catch {
          let isRight = error is CancellationError || (cancelledAt == 1000 && error is TimedOut)
          try sim.require(isRight, "\(error)")
        }
        try sim.require(sim.now <= .milliseconds(min(takes, 1010)), "ended at \(sim.now)")
      }
      try await sim.advance(by: .seconds(60))
      try sim.require(work.snapshot().running == 0, "\(work.snapshot())")
    }
    #expect(exploration.isComplete)
  }

  @Test func cancellationOfWorkThatHonoursItAbandonsNothing() throws {
    let exploration = try Simulation.exploreEveryInterleaving { sim in
      let work = AbandonedWork("payment")
      let call = ServiceCall { (_: Int) in try await sim.sleep(for: .seconds(60)) }
        .timeout(.seconds(1), abandoning: work)
      try await cancelling(after: .milliseconds(300), sim) {
        await #expect(throws: CancellationError.self) { try await call(1) }
      }
      try sim.require(sim.now == .milliseconds(300), "ended at \(sim.now)")
      try sim.require(work.snapshot().total == 0, "abandoned")
    }
    #expect(exploration.isComplete)
  }

  // MARK: - No more than is allowed

  /// As much as may be left is left: the caller waits for its work, and gets what it comes to, as without
  /// `abandoning:`.
  @Test(arguments: [7, -7])
  func row74_whenTheLimitIsLeftRunningTheCallerWaits(number: Int) throws {
    let told = Log<AbandonedWorkEvent>()
    let (_, events) = try simulate { sim in
      let work = AbandonedWork("payment", limit: 1) { told.append($0) }
      await #expect(throws: TimedOut.self) {
        try await stubborn(.seconds(60)).timeout(.seconds(1), abandoning: work)(1)
      }
      let call = stubborn(.seconds(10)).timeout(.seconds(1), abandoning: work)
      if number > 0 {
        try await #expect(call(number) == number)
      } else {
        let error = await #expect(throws: TimedOut.self) { try await call(number) }
        #expect(error?.isAbandoned == false)
        #expect(error?.underlying as? Failure == Failure(number: number))
      }
      #expect(sim.now == .milliseconds(11_010))
      #expect(work.snapshot() == AbandonedWorkSnapshot(name: "payment", running: 1, total: 1, refused: 1))
      // The place is free again when the first has ended.
      try await sim.advance(by: .seconds(60))
      await #expect(throws: TimedOut.self) {
        try await stubborn(.seconds(60)).timeout(.seconds(1), abandoning: work)(1)
      }
      #expect(work.snapshot().total == 2)
    }
    #expect(told.entries[1] == .refused(call: "payment", running: 1))
    #expect(events.contains("abandoned_work.refused call=payment running=1"))
  }

  @Test func row74_aCancelledCallerThatMayNotLeaveWaitsForItsWork() throws {
    let exploration = try Simulation.exploreEveryInterleaving { sim in
      let work = AbandonedWork("payment", limit: 0)
      let call = ServiceCall { (_: Int) in
        await uninterrupted(for: .seconds(60))
        try Task.checkCancellation()
      }.timeout(.seconds(1), abandoning: work)
      try await cancelling(after: .milliseconds(300), sim) {
        await #expect(throws: CancellationError.self) { try await call(1) }
      }
      try sim.require(sim.now == .milliseconds(60_000), "ended at \(sim.now)")
      try sim.require(work.snapshot().total == 0, "\(work.snapshot())")
    }
    #expect(exploration.isComplete)
  }

  // MARK: - What is left behind

  @Test func nothingIsLeftWhenAbandonedWorkHasEnded() throws {
    final class Resource: Sendable {}
    try Simulation(seed: 1).run { sim in
      weak var resource: Resource?
      let work = AbandonedWork("payment")
      do {
        let held = Resource()
        resource = held
        let call = ServiceCall { (_: Int) in
          await uninterrupted(for: .seconds(60))
          _ = held
        }
        await #expect(throws: TimedOut.self) { try await call.timeout(.seconds(1), abandoning: work)(1) }
      }
      #expect(resource != nil, "the work still uses it")
      try await sim.advance(by: .seconds(60))
      #expect(resource == nil)
    }
  }

  // MARK: - On real threads

  @Test func onRealThreadsEveryCallerGoesOnAndAllWorkEnds() async throws {
    let clock = ManualClock()
    let told = Log<AbandonedWorkEvent>()
    let work = AbandonedWork("payment") { told.append($0) }
    let call = stubborn(.seconds(3600)).timeout(.seconds(1), abandoning: work)
    let timedOut = await CallContext.withEnvironment(CallEnvironment(clock: clock)) {
      await withTaskGroup { group in
        for number in 1...300 {
          group.addTask { await #expect(throws: TimedOut.self) { try await call(number) } == nil ? 0 : 1 }
        }
        // The work's own timer, the limit's and the caller's for each.
        try? await clock.waitForSleepers(900)
        clock.advance(by: .milliseconds(1_010))
        return await group.reduce(0, +)
      }
    }
    #expect(timedOut == 300)
    #expect(work.snapshot() == AbandonedWorkSnapshot(name: "payment", running: 300, total: 300))
    clock.advance(by: .seconds(3600))
    while work.snapshot().running > 0 { await Task.yield() }
    #expect(clock.sleeperCount == 0)
    while told.entries.count < 600 { await Task.yield() }
    #expect(told.entries.count { $0.name == "abandoned_work.ended" } == 300)
  }
}
