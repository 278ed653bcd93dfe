import ResilienceCore
import ResilienceRetry
import ResilienceTestKit
import ResilienceTestSupport
import Testing

/// What an attempt knows of itself, and tells others.
@Suite struct RetryAttemptTests {
  static let atOnce = RetryPolicy(maxAttempts: 3, backoff: .none)

  @Test func anAttemptKnowsItsNumberAndWhetherItIsTheLast() async throws {
    let seen = Log<String>()
    let call = ServiceCall { (_: Int, context: CallContext) in
      seen.append("\(context.attemptHeader)\(context.isLastAttempt ? " last" : "")")
      throw Failure()
    }
    try? await call(1)
    try? await call.retry(Self.atOnce)(1)
    #expect(
      seen.entries == [
        "attempt=1; max=1 last", "attempt=1; max=3", "attempt=2; max=3", "attempt=3; max=3 last",
      ])
  }

  @Test func row99_aRetryInsideARetryCountsOnWhereTheOuterOneIs() async throws {
    let seen = Log<String>()
    let call = ServiceCall { (_: Int, context: CallContext) in
      seen.append(context.attemptHeader + (context.isLastAttempt ? " last" : ""))
      throw Failure()
    }
    try? await call.retry(RetryPolicy(maxAttempts: 2, backoff: .none)).retry(Self.atOnce, budget: nil)(1)
    #expect(seen.entries == (1...6).map { "attempt=\($0); max=6" + ($0 == 6 ? " last" : "") })
  }

  @Test func row99_anAttemptWithoutABoundIsNeverTheLast() async throws {
    let seen = Log<String>()
    let call = ServiceCall { (_: Int, context: CallContext) in
      seen.append(context.attemptHeader + (context.isLastAttempt ? " last" : ""))
      if context.attempt < 6 { throw Failure() }
    }
    let endless = RetryPolicy(maxAttempts: .max, backoff: .none)
    try await call.retry(endless, budget: nil)(1)
    #expect(seen.entries == (1...6).map { "attempt=\($0)" })
    try await call.retry(RetryPolicy(maxAttempts: 2, backoff: .none), budget: nil).retry(
      endless, budget: nil)(1)
    #expect(seen.entries[6...] == seen.entries[..<6])
  }

  // MARK: - The id

  @Test func whoReadsTheIDSeesOneForAllAttempts() async throws {
    let ids = Log<UInt64>()
    let call = ServiceCall { (_: Int, context: CallContext) in
      ids.append(context.callID)
      throw Failure()
    }
    for stack in [call.retry(Self.atOnce), call.retry(Self.atOnce)] { try? await stack(1) }
    try? await AnyHandler(call.named("erased")).retry(Self.atOnce).retry(Self.atOnce, budget: nil)(1)
    let calls = [ids.entries[..<3], ids.entries[3..<6], ids.entries[6...]]
    #expect(calls.allSatisfy { Set($0).count == 1 && $0.first != 0 })
    #expect(Set(ids.entries).count == 3)
  }

  @Test func anObserverSeesOneIDThoughNobodyElseReadsIt() async throws {
    final class IDs: CallObserver {
      let ids = Log<UInt64>()
      func attemptBegan(_ attempt: inout CallContext) { ids.append(attempt.callID) }
      func attemptEnded(
        _ attempt: CallContext, of call: CallContext, _ outcome: Outcome, error: (any Error)?
      ) {
        ids.append(attempt.callID)
        ids.append(call.callID)
      }
      func record(_ event: any ResilienceEvent, in context: CallContext) { ids.append(context.callID) }
    }
    let observer = IDs()
    let call = ServiceCall { (_: Int) in throw Failure() }.retry(Self.atOnce)
    try? await CallContext.withObserver(observer) { try await call(1) }
    #expect(observer.ids.entries.count == 3 * 4)
    #expect(Set(observer.ids.entries).count == 1)
    #expect(observer.ids.entries[0] > 1)
  }

  /// The id is drawn late, and all delays depend on it: calls still differ.
  @Test func callsThatNobodyIdentifiesStillSpreadTheirDelays() throws {
    let starts = Log<Instant>()
    try Simulation(seed: 1).run { sim in
      let call = ServiceCall { (_: Int) in
        starts.append(sim.now)
        throw Failure()
      }.retry(RetryPolicy(maxAttempts: 2, backoff: .constant(.seconds(1))), budget: nil)
      await withTaskGroup { group in
        for _ in 1...100 { group.addTask { try? await call(1) } }
      }
    }
    #expect(Set(starts.entries).count == 101)
  }

  @Test func theIDIsDrawnOnlyWhenItIsNeeded() async throws {
    let random = SeededRandomSource(seed: 1)
    let environment = CallEnvironment(clock: ManualClock(), random: random)
    try await CallContext.withEnvironment(environment) {
      try await ServiceCall { (_: Int) in }.retry(Self.atOnce)(1)
    }
    #expect(random.next() == SeededRandomSource(seed: 1).next())
  }

  // MARK: - The clock

  @Test func theTimeThatWasReadOutsideIsSharedByTheFirstAttemptOnly() throws {
    let (seen, _) = try simulate { sim in
      let seen = Log<Instant>()
      let call = ReadsNow(log: seen, base: ServiceCall { (_: Int) in throw Failure() }).retry(
        RetryPolicy(maxAttempts: 2, backoff: .constant(.seconds(1), jitter: .none)))
      var context = CallContext.current
      _ = context.now
      try await sim.sleep(for: .seconds(5))
      try? await call.handle(1, context: context)
      return seen.entries
    }
    #expect(seen == [.milliseconds(0), .milliseconds(6_000)])
  }

  @Test func anAttemptThatIsRepeatedAtOnceReadsTheTimeAfresh() throws {
    let (seen, _) = try simulate { sim in
      let seen = Log<Instant>()
      let call = ServiceCall { (_: Int) in
        try await sim.sleep(for: .seconds(2))
        throw Failure()
      }
      let retried = ReadsNow(log: seen, base: call).retry(RetryPolicy(maxAttempts: 2, backoff: .none))
      var context = CallContext.current
      _ = context.now
      try? await retried.handle(1, context: context)
      return seen.entries
    }
    #expect(seen == [.milliseconds(0), .milliseconds(2_000)])
  }

  // MARK: - Events

  @Test func onEventIsToldWithoutAnObserver() async throws {
    let events = Log<RetryEvent>()
    let call = ServiceCall("stock") { (_: Int) in throw Failure() }
    try? await call.retry(Self.atOnce, onEvent: { events.append($0) })(1)
    #expect(
      events.entries == [
        .scheduled(call: "stock", attempt: 2, delay: .zero, isLastAttempt: false, wasRefused: false),
        .scheduled(call: "stock", attempt: 3, delay: .zero, isLastAttempt: true, wasRefused: false),
        .gaveUp(call: "stock", attempts: 3, reason: .attemptsExhausted),
      ])
    #expect(
      events.entries[1].description
        == "retry.scheduled call=stock attempt=3 delay_seconds=0.0 last=true refused=false")
  }

  @Test func onEventIsToldOfAnInlineCallToo() async throws {
    let events = Log<RetryEvent>()
    let budget = RetryBudget(ratio: 0, reserve: 1, refillInterval: nil)
    try? await Self.atOnce.run(budget: budget, onEvent: { events.append($0) }) {
      _ in
      throw Failure()
    }
    #expect(events.entries.last == .gaveUp(call: "", attempts: 2, reason: .budgetExhausted))
  }

  // MARK: - What cannot be sent twice

  @Test(arguments: [Pushback.none, .notProcessed])
  func row26_anInputThatCannotBeSentTwiceIsSentOnce(pushback: Pushback) throws {
    let sent = Log<Int>()
    let (_, events) = try simulate { _ in
      let upload = ServiceCall("upload") { (part: Int) in
        sent.append(part)
        throw Pushed(pushback: pushback)
      }
      await #expect(throws: Pushed.self) { try await upload.idempotent().notReplayable().retry()(7) }
    }
    #expect(sent.entries == [7])
    #expect(events == ["retry.gave_up call=upload attempts=1 reason=not_replayable"])
  }

  /// A value that can be consumed once is no input at all: inputs are copied to each attempt, so
  /// `Handler.Input` is copyable, and the body of `run` may be called again, so it cannot consume what it
  /// captured. Both do not compile.
  @Test func row26_whatIsMadeAnewForEachAttemptMayBeConsumed() async throws {
    struct Body: ~Copyable {
      consuming func send() throws { throw Failure() }
    }
    let made = Log<Int>()
    try? await Self.atOnce.run(budget: nil) { attempt in
      made.append(attempt)
      let body = Body()
      try body.send()
    }
    #expect(made.entries == [1, 2, 3])
  }
}

/// A layer that looks at the shared time.
private struct ReadsNow<Base: Handler>: HandlerDecorator {
  let log: Log<Instant>
  let base: Base

  func handle(_ input: Base.Input, context: CallContext) async throws -> Base.Output {
    var context = context
    log.append(context.now)
    return try await base.handle(input, context: context)
  }
}
