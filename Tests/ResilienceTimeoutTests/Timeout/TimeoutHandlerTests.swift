import ResilienceCore
import ResilienceTestKit
import ResilienceTestSupport
import ResilienceTimeout
import Testing

@Suite struct TimeoutHandlerTests {
  private func sleeping(_ duration: Duration, _ sim: Simulation) -> ServiceCall<Int, Int> {
    ServiceCall("payment") { number in
      try await sim.sleep(for: duration)
      return number
    }
  }

  // MARK: - In time

  @Test(arguments: 1...20 as ClosedRange<UInt64>)
  func workThatEndsInTimeReturnsItsValue(seed: UInt64) throws {
    let (instant, events) = try simulate(seed: seed) { sim in
      let value = try await sleeping(.milliseconds(999), sim).timeout(.seconds(1))(7)
      #expect(value == 7)
      return sim.now
    }
    #expect(instant == .milliseconds(999))
    #expect(events.isEmpty)
  }

  @Test func workThatDoesNotSuspendReturnsItsValue() throws {
    let (value, _) = try simulate { _ in try await ServiceCall { $0 + 1 }.timeout(.seconds(1))(7) }
    #expect(value == 8)
  }

  @Test func anErrorInTimeIsThrownUnchanged() throws {
    let (_, events) = try simulate { sim in
      let call = ServiceCall { (number: Int) in
        try await sim.sleep(for: .milliseconds(10))
        throw Failure(number: number)
      }
      await #expect(throws: Failure(number: 3)) { try await call.timeout(.seconds(1))(3) }
    }
    #expect(events.isEmpty)
  }

  @Test func noTimerIsLeftBehind() async throws {
    let clock = ManualClock()
    let call = ServiceCall { (number: Int) in
      await Task.yield()
      if number < 0 { throw Failure() }
      return number
    }.timeout(.seconds(1))
    await CallContext.withEnvironment(CallEnvironment(clock: clock)) {
      for number in 1...10 { _ = try? await call(number) }
      for number in 1...10 { _ = try? await call(-number) }
    }
    #expect(clock.sleeperCount == 0)
  }

  @Test func workThatDoesNotSuspendNeedsNoTimer() async throws {
    let clock = CountingClock()
    try await CallContext.withEnvironment(CallEnvironment(clock: clock)) {
      for number in 1...10 {
        let value = try await ServiceCall { $0 + 1 }.timeout(.seconds(1))(number)
        #expect(value == number + 1)
      }
      #expect(clock.scheduled == 0)
      let yielding = ServiceCall { (number: Int) in
        try await CallContext.current.clock.sleep(until: Instant(nanoseconds: 1))
        return number
      }
      _ = try await yielding.timeout(.seconds(1))(1)
    }
    // The sleep's and the limit's.
    #expect(clock.scheduled == 2)
    #expect(clock.base.sleeperCount == 0)
  }

  // MARK: - Too late

  @Test(arguments: 1...20 as ClosedRange<UInt64>)
  func workThatTakesLongerIsCancelledAtTheLimit(seed: UInt64) throws {
    let (instant, events) = try simulate(seed: seed) { sim in
      let error = await #expect(throws: TimedOut.self) {
        try await sleeping(.seconds(60), sim).timeout(.seconds(1))(7)
      }
      #expect(error?.call == "payment")
      #expect(error?.limit == .seconds(1))
      #expect(error?.isCutShort == false)
      #expect(error?.underlying == nil)
      #expect(!Task.isCancelled, "the caller's own task is not cancelled")
      return sim.now
    }
    #expect(instant == .milliseconds(1_000))
    #expect(events == ["timeout.expired call=payment limit_seconds=1.0"])
  }

  @Test func workThatIgnoresCancellationIsWaitedForAndItsValueReturned() throws {
    let (instant, events) = try simulate { sim in
      let call = ServiceCall { (number: Int) in
        await uninterrupted(for: .seconds(3))
        return number
      }
      let value = try await call.timeout(.seconds(1))(7)
      #expect(value == 7)
      return sim.now
    }
    #expect(instant == .milliseconds(3_000))
    #expect(events.isEmpty)
  }

  @Test func workThatFailsAfterTheLimitTimedOut() throws {
    let (instant, _) = try simulate { sim in
      let call = ServiceCall { (number: Int) in
        await uninterrupted(for: .seconds(3))
        throw Failure(number: number)
      }
      let error = await #expect(throws: TimedOut.self) { try await call.timeout(.seconds(1))(7) }
      #expect(error?.underlying as? Failure == Failure(number: 7))
      return sim.now
    }
    #expect(instant == .milliseconds(3_000))
  }

  /// Decided by the clock where the work ends: not by who comes first, the timer or the caller's turn.
  @Test(arguments: [(999, false), (1000, true)])
  func anErrorCountsAsTimedOutFromTheInstantOfTheLimitOn(milliseconds: Int64, isTimedOut: Bool) throws {
    let exploration = try Simulation.exploreEveryInterleaving { sim in
      let call = ServiceCall { (number: Int) in
        await uninterrupted(for: .milliseconds(milliseconds))
        throw Failure(number: number)
      }
      do {
        try await call.timeout(.seconds(1))(7)
      } catch {
        try sim.require((error is TimedOut) == isTimedOut, "\(error)")
        let failure = error as? Failure ?? (error as? TimedOut)?.underlying as? Failure
        try sim.require(failure == Failure(number: 7), "\(error)")
      }
    }
    #expect(exploration.isComplete)
  }

  @Test func aTimeoutIsAFailureAndProvesNothing() {
    let outcome = ServiceCall { (_: Int) in }.timeout(.seconds(1)).outcome(
      ofError: TimedOut(limit: .seconds(1)))
    #expect(outcome == .failure)
  }

  @Test(arguments: [
    (TimedOut(call: "payment", limit: .seconds(1)), "payment timed out after 1 s"),
    (TimedOut(limit: .seconds(1)), "the call timed out after 1 s"),
    (
      TimedOut(limit: .nanoseconds(1_812_345_678), isCutShort: true),
      "the call timed out after 1.9 s, all that was left until its deadline"
    ),
    (
      TimedOut(call: "payment", limit: .seconds(1), isCutShort: true, underlying: Failure(number: 3)),
      "payment timed out after 1 s, all that was left until its deadline; it ended with: Failure(number: 3)"
    ),
  ])
  func theErrorTellsWhatHappened(error: TimedOut, description: String) {
    #expect("\(error)" == description)
  }

  /// The work ends at the very instant of the limit: either order is right, and the value always wins.
  @Test func completionRacingTheTimerIsOneOrTheOther() throws {
    var endings = Set<String>()
    for seed in 1...100 as ClosedRange<UInt64> {
      let (ending, events) = try simulate(seed: seed) { sim in
        do {
          return "\(try await sleeping(.seconds(1), sim).timeout(.seconds(1))(7))"
        } catch {
          return "\(error)"
        }
      }
      endings.insert(ending)
      #expect(events.isEmpty == (ending == "7"))
    }
    #expect(endings == ["7", "payment timed out after 1 s"])
  }

  // MARK: - Deadlines

  @Test func theCallersDeadlineCutsTheLimitShort() throws {
    let (instant, _) = try simulate { sim in
      let error = await #expect(throws: TimedOut.self) {
        try await sleeping(.seconds(60), sim).timeout(.seconds(1))
          .handle(7, context: .current(deadline: .milliseconds(300)))
      }
      #expect(error?.limit == .milliseconds(300))
      #expect(error?.isCutShort == true)
      return sim.now
    }
    #expect(instant == .milliseconds(300))
  }

  @Test func nestedCallsSeeTheLimitAsTheirDeadline() throws {
    let (seen, _) = try simulate { _ in
      let nested = ServiceCall { (_: Int) in CallContext.current.deadline }
      return try await ServiceCall { try await nested($0) }.timeout(.seconds(1)).timeout(.seconds(9))(1)
    }
    #expect(seen == Deadline(at: .milliseconds(1_000)))
  }

  @Test func expiredWorkIsNotBegun() throws {
    let (_, events) = try simulate { sim in
      let call = ServiceCall("payment") { (_: Int) in Issue.record("begun after its deadline") }
      try await sim.sleep(for: .milliseconds(100))
      await #expect(throws: DeadlineExceeded(call: "payment", overdue: .milliseconds(60))) {
        try await call.timeout(.seconds(1)).handle(1, context: .current(deadline: .milliseconds(40)))
      }
    }
    #expect(events == ["timeout.refused call=payment overdue_seconds=0.06"])
  }

  @Test func row54_eachCallHasAFreshLimit() throws {
    let (deadlines, _) = try simulate { sim in
      let call = ServiceCall { (_: Int) in
        try await sim.sleep(for: .milliseconds(400))
        return CallContext.current.deadline
      }.timeout(.seconds(1))
      return [try await call(1), try await call(2), try await call(3)]
    }
    #expect(deadlines == [1_000, 1_400, 1_800].map { Deadline(at: .milliseconds($0)) })
  }

  // MARK: - The caller's cancellation

  @Test func cancelledBeforeItIsNotBegun() throws {
    try Simulation(seed: 1).run { sim in
      try await cancelling(after: .zero, sim) {
        await uninterrupted(for: .seconds(1))
        let call = ServiceCall { (_: Int) in Issue.record("begun after a cancellation") }
        await #expect(throws: CancellationError.self) { try await call.timeout(.seconds(1))(1) }
      }
    }
  }

  @Test func cancellationReachesTheWorkAndPassesThrough() throws {
    let (instant, events) = try simulate { sim in
      try await cancelling(after: .milliseconds(300), sim) {
        await #expect(throws: CancellationError.self) {
          try await sleeping(.seconds(60), sim).timeout(.seconds(1))(1)
        }
      }
      return sim.now
    }
    #expect(instant == .milliseconds(300))
    #expect(events.isEmpty)
  }

  @Test func aCancelledCallersWorkKeepsItsOwnError() throws {
    let (_, events) = try simulate { sim in
      try await cancelling(after: .milliseconds(300), sim) {
        let call = ServiceCall { (number: Int) in
          await uninterrupted(for: .seconds(3))
          throw Failure(number: number)
        }
        await #expect(throws: Failure(number: 7)) { try await call.timeout(.seconds(1))(7) }
      }
    }
    #expect(events.isEmpty)
  }

  /// The caller is cancelled at every point of work that takes 20 ms and may take 10.
  @Test(arguments: 0...21 as ClosedRange<Int64>)
  func row28_cancellationAtAnyPointEndsTheCall(milliseconds: Int64) throws {
    for seed in 1...20 as ClosedRange<UInt64> {
      let end = try Simulation(seed: seed).run { sim in
        try await cancelling(after: .milliseconds(milliseconds), sim) {
          await #expect(throws: (any Error).self) {
            try await sleeping(.milliseconds(20), sim).timeout(.milliseconds(10))(1)
          }
        }
        return sim.now
      }
      #expect(end == .milliseconds(min(10, milliseconds)))
    }
  }

  // MARK: - On real threads

  @Test func onRealThreadsEveryCallIsCancelledAndEnds() async throws {
    let clock = ManualClock()
    let call = ServiceCall { (_: Int) in
      try await CallContext.current.clock.sleep(for: .seconds(3600))
    }.timeout(.seconds(1))
    let timedOut = await CallContext.withEnvironment(CallEnvironment(clock: clock)) {
      await withTaskGroup { group in
        for number in 1...500 {
          group.addTask {
            await #expect(throws: TimedOut.self) { try await call(number) } == nil ? 0 : 1
          }
        }
        // A sleep and a limit for each.
        try? await clock.waitForSleepers(1000)
        clock.advance(by: .seconds(1))
        return await group.reduce(0, +)
      }
    }
    #expect(timedOut == 500)
    #expect(clock.sleeperCount == 0)
  }
}
