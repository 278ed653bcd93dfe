import ResilienceCore
import ResilienceRetry
import ResilienceTestKit
import ResilienceTestSupport
import Testing

private typealias Stock = ScriptedHandler<Int, String>

private let after50 = HedgePolicy(delay: .fixed(.milliseconds(50)))

private func slow(_ milliseconds: Int64, _ value: String) -> ScriptedAnswer<String> {
  .delay(.milliseconds(milliseconds), then: .succeed(value))
}

private func failing(_ milliseconds: Int64, _ number: Int) -> ScriptedAnswer<String> {
  .delay(.milliseconds(milliseconds), then: .fail(Failure(number: number)))
}

@Suite struct HedgeHandlerTests {
  // MARK: - One attempt is enough

  @Test func aQuickCallIsMadeOnce() throws {
    let stock = Stock("stock", [slow(49, "a")])
    let (instant, events) = try simulate { sim in
      let call = stock.hedge(after50)
      try await #expect(call(1) == "a")
      #expect(call.snapshot().calls == 1)
      #expect(call.snapshot().started == 0)
      return sim.now
    }
    #expect(instant == .milliseconds(49))
    #expect(stock.callCount == 1)
    #expect(events.isEmpty)
  }

  @Test func aCallThatDoesNotSuspendReturnsItsValue() async throws {
    try await #expect(ServiceCall { $0 + 1 }.hedge()(1) == 2)
  }

  @Test func noTimerIsLeftBehind() async throws {
    let clock = ManualClock()
    let call = ServiceCall { (number: Int) in
      await Task.yield()
      if number < 0 { throw Failure() }
    }.hedge(after50, budget: nil)
    await CallContext.withEnvironment(CallEnvironment(clock: clock)) {
      for number in -5...5 { try? await call(number) }
    }
    #expect(clock.sleeperCount == 0)
  }

  // MARK: - Slow calls

  @Test(arguments: 1...10 as ClosedRange<UInt64>)
  func aSlowCallIsMadeAgainAndTheFirstSuccessWins(seed: UInt64) throws {
    let stock = Stock("stock", [slow(500, "a"), slow(20, "b")])
    let (instant, events) = try simulate(seed: seed) { sim in
      try await #expect(stock.hedge(after50)(7) == "b")
      return sim.now
    }
    #expect(instant == .milliseconds(70))
    #expect(stock.calls.map(\.attempt) == [1, 2])
    #expect(stock.calls.map(\.input) == [7, 7])
    #expect(Set(stock.calls.map(\.context.callID)).count == 1)
    #expect(stock.calls.allSatisfy { $0.context.callID != 0 })
    #expect(
      events == [
        "hedge.started call=stock attempt=2 after_seconds=0.05", "hedge.won call=stock attempt=2",
        "hedge.lost call=stock attempt=1",
      ])
  }

  @Test func theFirstAttemptMayStillWin() throws {
    let stock = Stock("stock", [slow(60, "a"), slow(20, "b")])
    let (_, events) = try simulate { sim in
      let call = stock.hedge(after50)
      try await #expect(call(1) == "a")
      #expect(call.snapshot().started == 1)
      #expect(call.snapshot().won == 0)
    }
    #expect(events.last == "hedge.lost call=stock attempt=2")
  }

  @Test func attemptsBeginOneDelayApartUpToTheirNumber() throws {
    let stock = Stock("stock", [.hang, .hang, .hang, slow(500, "d"), .hang])
    try simulate { sim in
      let policy = HedgePolicy(maxAttempts: 4, delay: .fixed(.milliseconds(50)))
      try await #expect(stock.hedge(policy)(1) == "d")
    }.value
    #expect(stock.calls.map(\.instant) == [0, 50, 100, 150].map { .milliseconds($0) })
  }

  @Test func withoutDelayAllAttemptsBeginTogether() throws {
    let stock = Stock("stock", [slow(30, "a"), slow(20, "b")])
    let (instant, _) = try simulate { sim in
      try await #expect(stock.hedge(HedgePolicy(delay: .fixed(.zero)))(1) == "b")
      return sim.now
    }
    #expect(instant == .milliseconds(20))
  }

  // MARK: - Failures

  @Test func row31_theNextAttemptBeginsAtTheInstantOfAFailure() throws {
    let stock = Stock("stock", [failing(10, 1), failing(5, 2), slow(5, "c")])
    let (instant, _) = try simulate { sim in
      let policy = HedgePolicy(maxAttempts: 3, delay: .fixed(.milliseconds(50)))
      try await #expect(stock.hedge(policy)(1) == "c")
      return sim.now
    }
    #expect(stock.calls.map(\.instant) == [0, 10, 15].map { .milliseconds($0) })
    #expect(instant == .milliseconds(20))
  }

  @Test func whenAllAttemptsFailTheFirstOnesErrorIsThrown() throws {
    let stock = Stock("stock", [failing(70, 1), failing(5, 2)])
    let (instant, _) = try simulate { sim in
      await #expect(throws: Failure(number: 1)) { try await stock.hedge(after50)(1) }
      return sim.now
    }
    #expect(instant == .milliseconds(70))
  }

  @Test func aValueThatCountsAsAFailureIsHedgedToo() throws {
    let stock = Stock("stock", [slow(10, "503"), slow(10, "200")])
    try simulate { sim in
      let call = stock.classify { result in
        if case .success("503") = result { .failure } else { nil }
      }.hedge(after50)
      try await #expect(call(1) == "200")
    }.value
  }

  @Test func anErrorThatSaysNotToTryAgainEndsTheCallAtOnce() throws {
    let stock = Stock(
      "stock",
      [.hang, .delay(.milliseconds(10), then: .fail(Pushed(pushback: .doNotRetry)))])
    let (instant, events) = try simulate { sim in
      await #expect(throws: Pushed.self) { try await stock.hedge(after50)(1) }
      return sim.now
    }
    #expect(instant == .milliseconds(60))
    #expect(events.last == "hedge.lost call=stock attempt=1")
  }

  @Test func aRefusedHedgeLeavesTheFirstAttemptAlone() throws {
    let stock = Stock("stock", [slow(100, "a"), .fail(Refusal(retryAt: nil)), slow(0, "c")])
    try simulate { sim in
      let policy = HedgePolicy(maxAttempts: 3, delay: .fixed(.milliseconds(50)))
      try await #expect(stock.hedge(policy)(1) == "a")
    }.value
    #expect(stock.callCount == 2)
  }

  @Test func aRefusalOfTheFirstAttemptEndsTheCall() throws {
    let stock = Stock("stock", [.fail(Refusal(retryAt: nil)), slow(0, "b")])
    let (instant, _) = try simulate { sim in
      await #expect(throws: Refusal.self) { try await stock.hedge(after50)(1) }
      return sim.now
    }
    #expect(instant == .milliseconds(0))
    #expect(stock.callCount == 1)
  }

  // MARK: - The budget

  @Test func row30_aHedgeThatTheBudgetRefusesNeitherFailsNorHangsTheCall() throws {
    let budget = RetryBudget(ratio: 0, reserve: 1, refillInterval: nil)
    let stock = Stock("stock", [.hang, slow(10, "b"), slow(70, "c"), failing(80, 4)])
    let (instant, events) = try simulate { sim in
      let call = stock.hedge(after50, budget: budget)
      try await #expect(call(1) == "b")
      #expect(budget.available == 0)
      // Slow, and not hedged: the only attempt's success is the answer.
      try await #expect(call(1) == "c")
      #expect(sim.now == .milliseconds(130))
      // Slow, and not hedged: the only attempt's failure completes the call.
      await #expect(throws: Failure(number: 4)) { try await call(1) }
      #expect(call.snapshot().refused == 2)
      return sim.now
    }
    #expect(instant == .milliseconds(210))
    #expect(events.filter { $0 == "hedge.refused call=stock attempt=2" }.count == 2)
    #expect(stock.callCount == 4)
  }

  @Test func row24_anExhaustedBudgetMeansTheOriginalErrorAtOnce() throws {
    let budget = RetryBudget(ratio: 0, reserve: 1, refillInterval: nil)
    let stock = Stock("stock", [failing(5, 1), failing(5, 2), failing(5, 3)])
    let (instant, events) = try simulate { sim in
      let call = stock.hedge(after50, budget: budget)
      await #expect(throws: Failure(number: 1)) { try await call(1) }
      await #expect(throws: Failure(number: 3)) { try await call(1) }
      return sim.now
    }
    #expect(instant == .milliseconds(15))
    #expect(events.last == "hedge.refused call=stock attempt=2")
  }

  @Test func row21_aHedgeInsideARetryDoesNotDepositAgain() throws {
    let budget = RetryBudget(ratio: 1, reserve: 10, refillInterval: nil)
    while budget.withdraw() {}
    try simulate { sim in
      let call = ServiceCall { (_: Int) in }.hedge(after50, budget: budget).retry(budget: budget)
      for _ in 1...3 { try await call(1) }
      #expect(budget.available == 3)
      let alone = ServiceCall { (_: Int) in }.hedge(after50, budget: budget)
      for _ in 1...3 { try await alone(1) }
      #expect(budget.available == 6)
    }.value
  }

  @Test func aCallThatIsMadeTwiceDepositsOnceAndBeforeItsHedge() throws {
    let budget = RetryBudget(ratio: 1, reserve: 10, refillInterval: nil)
    while budget.withdraw() {}
    let stock = Stock("stock", [.hang, slow(0, "b")])
    try simulate { sim in
      try await #expect(stock.hedge(after50, budget: budget)(1) == "b")
      #expect(budget.available == 0)
    }.value
  }

  // MARK: - Calls that must not be repeated

  @Test func aCallThatIsNotIdempotentIsNotHedgedForBeingSlow() throws {
    let stock = Stock("stock", [slow(500, "a"), slow(0, "b")])
    try simulate { sim in
      try await #expect(stock.nonIdempotent().hedge(after50)(1) == "a")
    }.value
    #expect(stock.callCount == 1)
  }

  @Test func aCallThatIsNotIdempotentIsMadeAgainOnProofThatNothingRan() throws {
    let stock = Stock("stock", [.fail(Pushed(pushback: .notProcessed)), slow(500, "b"), slow(0, "c")])
    try simulate { sim in
      let policy = HedgePolicy(maxAttempts: 3, delay: .fixed(.milliseconds(50)))
      try await #expect(stock.nonIdempotent().hedge(policy)(1) == "b")
    }.value
    #expect(stock.callCount == 2)
  }

  @Test func aCallThatIsNotIdempotentIsHedgedWhenAskedForByName() throws {
    let stock = Stock("stock", [slow(500, "a"), slow(0, "b")])
    try simulate { sim in
      let policy = HedgePolicy(delay: .fixed(.milliseconds(50)), hedgesNonIdempotent: true)
      try await #expect(stock.nonIdempotent().hedge(policy)(1) == "b")
    }.value
  }

  // MARK: - Deadlines

  @Test func noHedgeBeginsAfterTheDeadline() throws {
    let stock = Stock("stock", [slow(80, "a"), slow(0, "b")])
    try simulate { sim in
      try await #expect(
        stock.hedge(after50).handle(1, context: .current(deadline: .milliseconds(50))) == "a")
    }.value
    #expect(stock.callCount == 1)
  }

  // MARK: - Learning

  @Test func theDelayIsLearned() throws {
    let stock = Stock("stock") { instant in
      instant < .milliseconds(1_000) ? slow(10, "a") : slow(500, "slow")
    }
    let (snapshot, _) = try simulate { sim in
      let call = stock.hedge(HedgePolicy(delay: .learned(minimumSamples: 20)))
      #expect(call.snapshot().delay == nil)
      for _ in 1...20 { _ = try await call(1) }
      try await sim.sleep(for: .seconds(1))
      _ = try await call(1)
      return call.snapshot()
    }
    #expect(stock.callCount == 22)
    let delay = try #require(snapshot.delay)
    #expect(delay >= .milliseconds(10) && delay <= .milliseconds(11))
    #expect(stock.calls[20].instant.advanced(by: delay) == stock.calls[21].instant)
  }

  /// One of twenty calls is slow. About as many are hedged: that the hedges end the slow ones early does not
  /// make the delay sink.
  @Test func aLearnedDelayHedgesTheShareThatItSays() throws {
    let (snapshot, _) = try simulate { sim in
      let context = CallContext.current
      let call = ServiceCall { (_: Int) in
        let draw = context.random() % 1_000
        try await sim.sleep(for: .microseconds(draw < 30 ? 200_000 : 10_000 + Int64(draw)))
      }.hedge(budget: nil)
      for number in 1...3_000 { try await call(number) }
      return call.snapshot()
    }
    #expect((60...300).contains(snapshot.started), "\(snapshot)")
    let delay = try #require(snapshot.delay)
    #expect(delay > .milliseconds(10) && delay < .milliseconds(200))
  }

  // MARK: - The outcome

  @Test func traitsAndOutcomesAreForwarded() {
    let call = ServiceCall("stock") { (_: Int) in 1 }.idempotent().classify { _ in .failure }.hedge()
    #expect(call.traits == CallTraits(name: "stock", idempotency: .idempotent))
    #expect(call.outcome(ofValue: 1) == .failure)
  }

  @Test func itsMetricsAreNamedAfterTheCall() async throws {
    let call = ServiceCall("stock") { (_: Int) in }.hedge(after50)
    try await call(1)
    #expect(
      call.snapshot().metrics.map(\.name)
        == [
          "hedge_calls_total", "hedge_started_total", "hedge_won_total", "hedge_refused_total",
          "hedge_delay_seconds",
        ])
    #expect(call.snapshot().metrics.map(\.value) == [1, 0, 0, 0, 0.05])
    #expect(call.snapshot().metrics.allSatisfy { $0.labels == [Metric.Label("call", "stock")] })
  }

  @Test func anImpossiblePolicyIsRefusedWithTheValue() async {
    let result = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
      _ = HedgePolicy(maxAttempts: 1)
    }
    let message = String(decoding: result?.standardErrorContent ?? [], as: UTF8.self)
    #expect(message.contains("maxAttempts must be in 2 ... 10, was 1"))
  }
}
