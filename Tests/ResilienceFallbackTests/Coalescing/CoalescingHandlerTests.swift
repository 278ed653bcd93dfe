import ResilienceCore
import ResilienceFallback
import ResilienceTestKit
import ResilienceTestSupport
import Testing

private typealias Catalogue = ScriptedHandler<Int, String>

private func slow(_ milliseconds: Int64, _ value: String) -> ScriptedAnswer<String> {
  .delay(.milliseconds(milliseconds), then: .succeed(value))
}

@Suite struct CoalescingHandlerTests {
  // MARK: - Sharing

  @Test(arguments: 1...10 as ClosedRange<UInt64>)
  func concurrentEqualCallsShareOneExecution(seed: UInt64) throws {
    let catalogue = Catalogue("catalogue", [slow(20, "a")])
    let (snapshot, events) = try simulate(seed: seed) { sim in
      let call = catalogue.coalesce(by: \.self)
      try await withThrowingTaskGroup(of: String.self) { callers in
        for _ in 1...100 { callers.addTask { try await call(7) } }
        for try await value in callers { #expect(value == "a") }
      }
      #expect(sim.now == .milliseconds(20))
      return call.snapshot()
    }
    #expect(catalogue.callCount == 1)
    #expect(snapshot.started == 1)
    #expect(snapshot.joined == 99)
    #expect(snapshot.running == 0)
    #expect(events == Array(repeating: "coalescing.joined call=catalogue", count: 99))
  }

  @Test func callsOfDifferentKeysDoNot() throws {
    let catalogue = Catalogue("catalogue", at: { _ in slow(20, "a") })
    try simulate { _ in
      let call = catalogue.coalesce(by: { $0 % 10 })
      await withTaskGroup { callers in
        for number in 1...100 { callers.addTask { _ = try? await call(number) } }
      }
    }.value
    #expect(catalogue.callCount == 10)
  }

  @Test func nothingIsKeptAfterTheEnd() throws {
    let catalogue = Catalogue("catalogue", [slow(20, "a"), slow(20, "b")])
    try simulate { _ in
      let call = catalogue.coalesce(by: \.self)
      try await #expect(call(7) == "a")
      try await #expect(call(7) == "b")
    }.value
  }

  @Test func aCallThatDoesNotSuspendReturnsItsValue() async throws {
    let call = ServiceCall { (number: Int) in number + 1 }.coalesce(by: \.self)
    try await #expect(call(1) == 2)
    try await #expect(call(1) == 2)
    #expect(call.snapshot().started == 2)
    #expect(call.snapshot().running == 0)
  }

  @Test func anErrorIsSharedToo() throws {
    let catalogue = Catalogue("catalogue", [.delay(.milliseconds(20), then: .fail(Failure(number: 3)))])
    try simulate { _ in
      let call = catalogue.coalesce(by: \.self)
      await withTaskGroup { callers in
        for _ in 1...10 {
          callers.addTask { await #expect(throws: Failure(number: 3)) { try await call(7) } }
        }
      }
      #expect(call.snapshot().running == 0)
    }.value
    #expect(catalogue.callCount == 1)
  }

  @Test func aCallThatIsNotIdempotentIsNeverShared() throws {
    let orders = Catalogue("orders", at: { _ in slow(20, "ordered") })
    try simulate { _ in
      let call = orders.nonIdempotent().coalesce(by: \.self)
      await withTaskGroup { callers in
        for _ in 1...5 { callers.addTask { _ = try? await call(7) } }
      }
    }.value
    #expect(orders.callCount == 5)
  }

  // MARK: - Leaving

  @Test func theCancellationOfTheFirstCallerDoesNotEndItForTheOthers() throws {
    let catalogue = Catalogue("catalogue", [slow(100, "a")])
    try simulate { sim in
      let call = catalogue.coalesce(by: \.self)
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          try await cancelling(after: .milliseconds(30), sim) {
            await #expect(throws: CancellationError.self) { try await call(7) }
            #expect(sim.now == .milliseconds(30))
          }
        }
        try await sim.sleep(for: .milliseconds(10))
        try await #expect(call(7) == "a")
        #expect(sim.now == .milliseconds(100))
        try await group.waitForAll()
      }
    }.value
    #expect(catalogue.callCount == 1)
  }

  @Test func whenTheLastCallerLeavesTheExecutionIsCancelledAndAwaited() throws {
    let ends = Log<Instant>()
    let (snapshot, events) = try simulate { sim in
      let call = ServiceCall("catalogue") { (_: Int) in
        do {
          try await sim.sleep(for: .seconds(60))
        } catch {
          await uninterrupted(for: .milliseconds(5))
          ends.append(sim.now)
          throw error
        }
      }.coalesce(by: \.self)
      await withTaskGroup { callers in
        for delay in [10, 20, 30] as [Int64] {
          callers.addTask {
            try? await cancelling(after: .milliseconds(delay), sim) {
              await #expect(throws: CancellationError.self) { try await call(7) }
              #expect(sim.now == .milliseconds(delay == 30 ? 35 : delay))
            }
          }
        }
      }
      return call.snapshot()
    }
    #expect(ends.entries == [.milliseconds(35)])
    #expect(snapshot.deserted == 1)
    #expect(snapshot.running == 0)
    #expect(events.last == "coalescing.deserted call=catalogue")
  }

  @Test func whoComesAfterTheLastHasLeftBeginsAnother() throws {
    let catalogue = Catalogue("catalogue", [.hang, slow(10, "b")])
    try simulate { sim in
      let call = catalogue.coalesce(by: \.self)
      try await cancelling(after: .milliseconds(30), sim) { _ = try? await call(7) }
      try await #expect(call(7) == "b")
    }.value
  }

  @Test func whoComesWhileADesertedExecutionEndsBeginsAnother() throws {
    let calls = Log<Int>()
    try simulate { sim in
      let call = ServiceCall { (_: Int) in
        calls.append(1)
        await uninterrupted(for: .milliseconds(50))
        return calls.entries.count
      }.coalesce(by: \.self)
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          try await cancelling(after: .milliseconds(10), sim) {
            // It ends with a value in spite of its cancellation.
            try await #expect(call(7) == 2)
          }
        }
        group.addTask {
          // The first execution has ended, and has not taken the second one's place away.
          try await sim.sleep(for: .milliseconds(60))
          try await #expect(call(7) == 2)
        }
        try await sim.sleep(for: .milliseconds(20))
        try await #expect(call(7) == 2)
        #expect(sim.now == .milliseconds(70))
        try await group.waitForAll()
      }
      #expect(call.snapshot().running == 0)
    }.value
  }

  @Test func cancelledBeforeItIsNotBegun() throws {
    let catalogue = Catalogue("catalogue", [])
    try simulate { sim in
      try await cancelling(after: .zero, sim) {
        await uninterrupted(for: .seconds(1))
        let call = catalogue.coalesce(by: \.self)
        await #expect(throws: CancellationError.self) { try await call(7) }
      }
    }.value
    #expect(catalogue.callCount == 0)
  }

  // MARK: - Deadlines

  @Test func theFirstCallersDeadlineDoesNotCutTheOthersShort() throws {
    let catalogue = Catalogue("catalogue", [slow(100, "a")])
    try simulate { sim in
      let call = catalogue.coalesce(by: \.self)
      try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask {
          let error = await #expect(throws: SharedExecutionTimedOut.self) {
            try await call.handle(7, context: .current(deadline: .milliseconds(50)))
          }
          #expect(sim.now == .milliseconds(50))
          #expect(error?.deadline == Deadline(at: .milliseconds(50)))
        }
        try await sim.sleep(for: .milliseconds(10))
        try await #expect(call.handle(7, context: .current(deadline: .milliseconds(200))) == "a")
        try await group.waitForAll()
      }
    }.value
    #expect(catalogue.calls.map(\.context.deadline) == [.never])
  }

  @Test func theExecutionEndsWithTheLatestDeadline() throws {
    let catalogue = Catalogue("catalogue", [.hang])
    let (snapshot, _) = try simulate { sim in
      let call = catalogue.coalesce(by: \.self)
      await withTaskGroup { callers in
        for deadline in [50, 20, 80] as [Int64] {
          callers.addTask {
            await #expect(throws: SharedExecutionTimedOut.self) {
              try await call.handle(7, context: .current(deadline: .milliseconds(deadline)))
            }
            #expect(sim.now == .milliseconds(deadline))
          }
        }
      }
      return call.snapshot()
    }
    #expect(snapshot.deserted == 1)
    #expect(snapshot.started == 1)
  }

  /// The last caller's deadline passes at 50 ms, and the execution ends at 70 with an error.
  private func late(_ error: any Error, as outcome: Outcome? = nil) throws -> any Error {
    try simulate { sim in
      let call = ServiceCall("catalogue") { (_: Int) in
        await uninterrupted(for: .milliseconds(70))
        throw error
      }.classify { _ in outcome }.coalesce(by: \.self)
      let thrown = await #expect(throws: (any Error).self) {
        try await call.handle(7, context: .current(deadline: .milliseconds(50)))
      }
      #expect(sim.now == .milliseconds(70))
      return try #require(thrown)
    }.value
  }

  @Test func row63_aLateErrorThatIsNoFailureKeepsWhatItSays() throws {
    for outcome in [Outcome.success, .neutral] {
      #expect(try late(Failure(number: 3), as: outcome) as? Failure == Failure(number: 3))
    }
  }

  @Test func row63_aLateFailureIsReplacedAndItsPushbackIsKept() throws {
    let error =
      try late(Failure(number: 3), as: .failure(.retryAfter(.seconds(2)))) as? SharedExecutionTimedOut
    #expect(error?.underlying as? Failure == Failure(number: 3))
    #expect(error?.pushback == .retryAfter(.seconds(2)))
    #expect(error.map { Outcome(ofError: $0) } == .failure(.retryAfter(.seconds(2))))
  }

  /// Whatever `classify` says of cancellations.
  @Test func row63_theCancellationThatLeavingCausedIsReplaced() throws {
    for outcome in [nil, Outcome.neutral, .success] {
      let error = try late(CancellationError(), as: outcome) as? SharedExecutionTimedOut
      #expect(error != nil && error?.underlying == nil)
    }
  }

  @Test func row64_aRefusalThatMeetsTheDeadlineIsKept() throws {
    #expect(try late(Refusal(retryAt: nil), as: .failure) as? Refusal == Refusal(retryAt: nil))
  }

  @Test func noTimerIsLeftBehind() async throws {
    let clock = ManualClock()
    let call = ServiceCall { (number: Int) in await Task.yield() }.coalesce(by: \.self)
    try await CallContext.withEnvironment(CallEnvironment(clock: clock)) {
      for number in 1...10 {
        try await call.handle(number, context: .current(deadline: .milliseconds(1)))
      }
    }
    #expect(clock.sleeperCount == 0)
  }

  @Test(arguments: [
    (
      SharedExecutionTimedOut(call: "catalogue", deadline: Deadline(at: .milliseconds(1_500))),
      "catalogue did not"
    ),
    (SharedExecutionTimedOut(deadline: .never, underlying: Failure(number: 3)), "the call did not"),
  ])
  func theErrorTellsWhatHappened(error: SharedExecutionTimedOut, beginning: String) {
    #expect("\(error)".hasPrefix("\(beginning) end before its caller's deadline"))
    #expect("\(error)".hasSuffix("it ended with: Failure(number: 3)") == (error.underlying != nil))
  }

  // MARK: - Every order

  /// Two callers of one key, one of them cancelled or short of time at the instant at which the execution
  /// ends.
  @Test(arguments: [true, false])
  func row28_everyInterleavingCompletesAndLeavesNothing(failing: Bool) throws {
    for cancellation in [0, 10] as [Int64] {
      let exploration = try Simulation.exploreEveryInterleaving { sim in
        let running = Log<Int>()
        let call = ServiceCall { (_: Int) in
          running.append(1)
          defer { running.append(-1) }
          try await sim.sleep(for: .milliseconds(10))
          if failing { throw Failure() }
        }.coalesce(by: \.self)
        let executor = CallContext.current.executor
        let first = Task.immediate(executorPreference: executor) { try await call(7) }
        let second = Task.immediate(executorPreference: executor) {
          try await call.handle(7, context: .current(deadline: .milliseconds(10)))
        }
        try await sim.sleep(for: .milliseconds(cancellation))
        first.cancel()
        _ = await (first.result, second.result)
        try sim.require(running.entries.reduce(0, +) == 0, "an execution is left: \(running.entries)")
        try sim.require(call.snapshot().running == 0, "\(call.snapshot())")
      }
      #expect(exploration.isComplete)
    }
  }

  // MARK: - The trace

  @Test func whoJoinsNotesTheSpanOfTheFirst() {
    let leader = TraceIDs(traceHigh: 1, traceLow: 0xAB, span: 0xCD, flags: 1)
    let event = CoalescingEvent.joined(call: "catalogue", leader: leader)
    #expect(
      event.description
        == "coalescing.joined call=catalogue leader_trace=000000000000000100000000000000ab leader_span=00000000000000cd"
    )
  }

  @Test func theExecutionRunsInTheSpanOfTheFirst() throws {
    let catalogue = Catalogue("catalogue", [slow(10, "a")])
    let (_, events) = try simulate { sim in
      let call = catalogue.coalesce(by: \.self)
      await withTaskGroup { callers in
        callers.addTask {
          var context = CallContext.current
          context.enterSpan(TraceIDs(traceHigh: 1, traceLow: 2, span: 3, flags: 1))
          _ = try? await call.handle(7, context: context)
        }
        try? await sim.sleep(for: .milliseconds(5))
        _ = try? await call(7)
      }
    }
    #expect(catalogue.calls.map(\.context.trace.span) == [3])
    #expect(events.first?.hasSuffix("leader_span=0000000000000003") == true)
  }

  @Test func itsMetricsAreNamedAfterTheCall() async throws {
    let call = ServiceCall("catalogue") { (_: Int) in }.coalesce(by: \.self)
    try await call(1)
    #expect(
      call.snapshot().metrics.map(\.name)
        == [
          "coalescing_running", "coalescing_started_total", "coalescing_joined_total",
          "coalescing_deserted_total",
        ])
    #expect(call.snapshot().metrics.map(\.value) == [0, 1, 0, 0])
  }

  // MARK: - On real threads

  @Test func onRealThreadsEveryCallerGetsAnAnswerOfItsKey() async throws {
    let call = ServiceCall { (number: Int) in
      await Task.yield()
      return number % 7
    }.coalesce(by: { $0 % 7 })
    await withTaskGroup { group in
      for number in 1...2_000 {
        group.addTask {
          if number % 5 == 0 { withUnsafeCurrentTask { $0?.cancel() } }
          if let value = try? await call(number) { #expect(value == number % 7) }
        }
      }
    }
    let snapshot = call.snapshot()
    #expect(snapshot.running == 0)
    #expect(snapshot.started + snapshot.joined == 1_600)
  }
}
