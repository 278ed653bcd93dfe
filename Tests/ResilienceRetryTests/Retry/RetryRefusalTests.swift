import ResilienceCore
import ResilienceRetry
import ResilienceTestKit
import ResilienceTestSupport
import Testing

/// A refusal by one of our own layers inside a retry or a hedge puts no load on the destination.
@Suite struct RetryRefusalTests {
  static let atOnce = RetryPolicy(maxAttempts: 5, backoff: .none)

  /// Lets one call pass in each second, and refuses the others with the time of the next.
  private final class Quota: Sendable {
    let next = Lock(Instant(nanoseconds: .min))

    func admit(at now: Instant) throws {
      let next: Instant? = next.withLock { next in
        guard next <= now else { return next }
        next = now.advanced(by: .seconds(1))
        return nil
      }
      if let next { throw Refusal(retryAt: next) }
    }
  }

  /// What each attempt does, in turn: fails, is refused for now or for ever, or succeeds.
  enum Step: Sendable {
    case fails, refused, refusedForGood, succeeds
  }

  private func script(_ steps: [Step], _ made: Log<Step> = Log()) -> ServiceCall<Int, Void> {
    ServiceCall { (_: Int) in
      let step = steps[made.entries.count]
      made.append(step)
      switch step {
      case .fails: throw Failure()
      case .refused: throw Refusal(retryAt: CallContext.current.readClock())
      case .refusedForGood: throw Refusal(retryAt: nil)
      case .succeeds: break
      }
    }
  }

  @Test func row68_refusalsTakeNoTokenAndTheBudgetIsFullAtTheEnd() throws {
    let (quota, budget, events) = (Quota(), RetryBudget(), Log<RetryEvent>())
    let calls = Log<Instant>()
    try Simulation(seed: 1).run { sim in
      let call = ServiceCall { (_: Int) in
        try quota.admit(at: sim.now)
        calls.append(sim.now)
      }.retry(RetryPolicy(maxAttempts: 10), budget: budget, onEvent: { events.append($0) })
      for number in 1...20 { try await call(number) }
      #expect(budget.snapshot().available == budget.reserve)
      #expect(budget.snapshot().granted == 0)
    }
    #expect(calls.entries.count == 20)
    #expect(events.entries.count >= 19)
    for event in events.entries {
      guard case .scheduled(_, _, _, _, wasRefused: true, _) = event else {
        Issue.record("\(event)")
        continue
      }
    }
  }

  @Test func row68_refusedAttemptsAreToldApartFromFailedOnes() async throws {
    let events = Log<RetryEvent>()
    let call = script([.fails, .refused, .fails, .succeeds])
    try await call.retry(Self.atOnce, budget: nil, onEvent: { events.append($0) })(1)
    let refused = events.entries.map { event in
      if case .scheduled(_, _, _, _, let wasRefused, _) = event { wasRefused } else { false }
    }
    #expect(refused == [false, true, false])
  }

  /// One token for each attempt that is sent after the first, whatever was refused in between.
  @Test(
    arguments: [
      ([.fails, .refused, .succeeds], 1), ([.fails, .refused, .refused, .fails, .succeeds], 2),
      ([.refused, .fails, .succeeds], 1), ([.refused, .refused, .succeeds], 0),
    ] as [([Step], Int)])
  func row68_aRefusedAttemptsTokenIsTheNextOnes(steps: [Step], tokens: Int) async throws {
    let (budget, made) = (RetryBudget(ratio: 0, reserve: 5, refillInterval: nil), Log<Step>())
    try await script(steps, made).retry(Self.atOnce, budget: budget)(1)
    #expect(made.entries.count == steps.count)
    #expect(budget.available == 5 - tokens)
    #expect(budget.snapshot().granted == UInt64(tokens))
  }

  @Test func row68_whoSendsTwiceNeedsATokenThoughItWasRefusedInBetween() async throws {
    let (budget, made) = (RetryBudget(ratio: 0, reserve: 1, refillInterval: nil), Log<Step>())
    let call = script([.fails, .refused, .fails, .succeeds], made).retry(Self.atOnce, budget: budget)
    await #expect(throws: Failure()) { try await call(1) }
    #expect(made.entries == [.fails, .refused, .fails])
  }

  @Test(arguments: [[.fails, .refusedForGood], [.fails, .refused, .refusedForGood]] as [[Step]])
  func row68_theTokenGoesBackWhenTheCallEndsRefused(steps: [Step]) async throws {
    let budget = RetryBudget(ratio: 0, reserve: 5, refillInterval: nil)
    let call = script(steps).retry(Self.atOnce, budget: budget)
    await #expect(throws: Refusal.self) { try await call(1) }
    #expect(budget.available == 5)
  }

  /// The first to be sent is the one that deposits.
  @Test(
    arguments: [
      ([.refused, .succeeds], 1), ([.refused, .refused, .fails, .succeeds], 0), ([.refusedForGood], 0),
    ] as [([Step], Int)])
  func row68_refusedAttemptsDepositNothing(steps: [Step], left: Int) async throws {
    let budget = RetryBudget(ratio: 1, reserve: 10, refillInterval: nil)
    while budget.withdraw() {}
    try? await script(steps).retry(Self.atOnce, budget: budget)(1)
    #expect(budget.available == left)
  }

  /// A throttle's tokens count failures: that nothing was sent after one does not undo it.
  @Test func row68_aThrottleForgetsNoFailureForARefusalAfterIt() async {
    let throttle = RetryBudget.throttle(maxTokens: 20, tokenRatio: 1)
    try? await script([.fails, .refusedForGood]).retry(Self.atOnce, budget: throttle)(1)
    #expect(throttle.available == 9 - 1)
    try? await script([.fails, .refusedForGood])
      .hedge(HedgePolicy(delay: .fixed(.seconds(60))), budget: throttle)(1)
    #expect(throttle.available == 9 - 2)
    let waiting = script([.fails, .succeeds]).retry(
      RetryPolicy(backoff: .constant(.seconds(3600), jitter: .none)), budget: throttle,
      onEvent: { _ in withUnsafeCurrentTask { $0?.cancel() } })
    await Task { try? await waiting(1) }.value
    #expect(throttle.available == 9 - 3)
  }

  // MARK: - Refused, and cancelled by the caller

  /// Of one that says when: not tried again though that is now. Of one that does not: nothing was sent all
  /// the same.
  @Test(arguments: [true, false])
  func row68_aRefusalAfterTheCallersCancellationIsNotTriedAgainAndGivesItsTokenBack(saysWhen: Bool) async {
    let (budget, calls, events) = (
      RetryBudget(ratio: 1, reserve: 5, refillInterval: nil), Log<Int>(), Log<RetryEvent>()
    )
    while budget.withdraw() {}
    budget.refund()
    let call = ServiceCall { (_: Int) in
      calls.append(1)
      if calls.entries.count == 1 { throw Failure() }
      withUnsafeCurrentTask { $0?.cancel() }
      throw Refusal(retryAt: saysWhen ? CallContext.current.readClock() : nil)
    }.retry(Self.atOnce, budget: budget, onEvent: { events.append($0) })
    await Task { _ = await #expect(throws: Refusal.self) { try await call(1) } }.value
    #expect(calls.entries.count == 2)
    #expect(budget.available == 2, "one deposit, and the token is back")
    #expect(
      events.entries.last == .gaveUp(call: "", attempts: 2, reason: saysWhen ? .cancelled : .rejected))
  }

  // MARK: - Hedges

  @Test(arguments: [1, 2])
  func row68_aRefusedHedgeGivesItsTokenBackAndARefusedCallDepositsNothing(refused: Int) throws {
    let budget = RetryBudget(ratio: 0, reserve: 5, refillInterval: nil)
    let throttle = RetryBudget.throttle(maxTokens: 10, tokenRatio: 1)
    try Simulation(seed: 1).run { sim in
      let call = ServiceCall { (_: Int, context: CallContext) in
        if Int(context.attempt) == refused { throw Refusal(retryAt: nil) }
        try await sim.sleep(for: .milliseconds(100))
      }
      for budget in [budget, throttle] {
        try? await call.hedge(HedgePolicy(delay: .fixed(.milliseconds(50))), budget: budget)(1)
      }
    }
    #expect(budget.available == 5)
    #expect(throttle.available == 4, "full")
  }

  @Test func row68_aHedgeThatIsRefusedAfterAFailureGivesItsTokenBack() async throws {
    let budget = RetryBudget(ratio: 0, reserve: 5, refillInterval: nil)
    let call = script([.fails, .refusedForGood]).hedge(
      HedgePolicy(delay: .fixed(.seconds(60))), budget: budget)
    await #expect(throws: Failure.self) { try await call(1) }
    #expect(budget.available == 5)
  }
}
