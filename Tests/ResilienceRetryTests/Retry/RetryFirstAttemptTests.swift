import ResilienceCore
import ResilienceRetry
import ResilienceTestKit
import ResilienceTestSupport
import Testing

/// The first attempt is handed the caller's own context, and its value is taken for a success, unless
/// something inside looks: who looks must be found whatever is around it.
@Suite struct RetryFirstAttemptTests {
  static let atOnce = RetryPolicy(maxAttempts: 3, backoff: .none)

  private struct Response: Sendable, PushbackProviding {
    var status: Int
    var verdict: Verdict { status < 500 ? .success : .failure }
    var pushback: Pushback { .none }
  }

  /// Counts its calls; answers 503 until the last.
  private final class Server: Sendable {
    let calls = Log<Int>()

    func status(lastIs last: Int) -> Int {
      calls.append(1)
      return calls.entries.count < last ? 503 : 200
    }
  }

  // MARK: - Values

  @Test(arguments: ["leaf", "layer", "erased", "layer erased", "erased layer", "handler", "inner retry"])
  func aFailingValueOfWhoJudgesValuesIsRetried(stack: String) async throws {
    let server = Server()
    let leaf = ServiceCall { (_: Int) in Response(status: server.status(lastIs: 3)) }
    #expect(leaf.mayJudgeValues && !leaf.mayReadAttempt)
    let call: AnyHandler<Int, Response> =
      switch stack {
      case "leaf": AnyHandler(leaf.retry(Self.atOnce))
      case "layer": AnyHandler(Peek(base: leaf).retry(Self.atOnce))
      case "erased": AnyHandler(AnyHandler(leaf).retry(Self.atOnce))
      case "layer erased": AnyHandler(AnyHandler(Peek(base: leaf)).named("stock").retry(Self.atOnce))
      case "erased layer": AnyHandler(Peek(base: AnyHandler(leaf)).idempotent().retry(Self.atOnce))
      case "handler": AnyHandler(Leaf { Response(status: server.status(lastIs: 3)) }.retry(Self.atOnce))
      default: AnyHandler(leaf.retry(RetryPolicy(maxAttempts: 2, backoff: .none)).retry(Self.atOnce))
      }
    let response = try await call(1)
    #expect(response.status == 200)
    #expect(server.calls.entries.count == 3)
  }

  @Test(arguments: [false, true])
  func aFailingValueOfAClassifiedCallIsRetried(isErased: Bool) async throws {
    let server = Server()
    let call = ServiceCall { (_: Int) in server.status(lastIs: 2) }
      .classify { result in if case .success(503) = result { .failure } else { nil } }
    let stack =
      isErased
      ? AnyHandler(AnyHandler(Peek(base: call)).retry(Self.atOnce)) : AnyHandler(call.retry(Self.atOnce))
    #expect(try await stack(1) == 200)
    #expect(server.calls.entries.count == 2)
  }

  @Test func aLayerWithAVerdictOfItsOwnIsAskedWhenItSaysSo() async throws {
    let server = Server()
    let call = ServiceCall { (_: Int) in server.status(lastIs: 3) }
    #expect(try await Judge(base: call, judgesValues: true).retry(Self.atOnce)(1) == 200)
    #expect(server.calls.entries.count == 3)
  }

  /// An error is always asked about: failures are rare.
  @Test func anErrorThatIsASuccessIsThrownAndDepositedOnce() async throws {
    let budget = emptied()
    let call = Judge(base: ServiceCall { (_: Int) -> Int in throw Failure() }, judgesValues: false)
    #expect(!call.mayReadAttempt && !call.mayJudgeValues)
    let events = Log<RetryEvent>()
    let retried = call.retry(Self.atOnce, budget: budget, onEvent: { events.append($0) })
    await #expect(throws: Failure()) { try await retried(1) }
    #expect(budget.available == 1)
    #expect(events.entries.isEmpty)
  }

  // MARK: - The context

  @Test func whenNobodyLooksTheFirstAttemptIsHandedTheCallersContext() async throws {
    let seen = Log<String>()
    let call = Peek(base: ServiceCall { (_: Int) in throw Failure() }, log: seen)
    var context = CallContext.current
    context.beginAttempt(7, of: 9)
    try? await call.retry(Self.atOnce).handle(1, context: context)
    #expect(seen.entries.map { $0.prefix { $0 != "i" } } == ["7/9 ", "20/27 ", "21/27 "])
  }

  @Test func aLayerThatSaysThatItReadsSeesNumberLimitAndOneID() async throws {
    let (seen, ids) = (Log<String>(), Log<UInt64>())
    let call = Peek(base: ServiceCall { (_: Int) in throw Failure() }, log: seen, ids: ids, reads: true)
    var context = CallContext.current
    context.beginAttempt(7, of: 9)
    try? await AnyHandler(call).named("erased").retry(Self.atOnce).handle(1, context: context)
    #expect(seen.entries.map { $0.prefix { $0 != "i" } } == ["19/27 ", "20/27 ", "21/27 "])
    #expect(Set(ids.entries).count == 1)
    #expect(ids.entries.first ?? 0 > 1)
  }

  /// The retry inside is handed an id though nothing in it reads one: it must not take the call for one of
  /// its own.
  @Test func aRetryInsideARetryIsOneCallThoughNobodyReadsItsID() async throws {
    let ids = Log<UInt64>()
    let call = Peek(base: ServiceCall { (_: Int) in throw Failure() }, ids: ids)
    #expect(!call.mayReadAttempt)
    try? await call.retry(Self.atOnce, budget: nil).retry(Self.atOnce, budget: nil)(1)
    #expect(ids.entries.count == 9)
    #expect(Set(ids.entries).count == 1)
    #expect(ids.entries.first ?? 0 > 1)
  }

  /// A layer that asks whether the call is claimed, and says that it does not look: only the values are
  /// looked at.
  @Test func aFirstAttemptThatIsLookedAtBelongsToACallThatIsClaimed() async throws {
    let unclaimed = Log<Bool>()
    let call = Claims(base: ServiceCall { (_: Int) in Response(status: 200) }, unclaimed: unclaimed)
    #expect(call.mayJudgeValues && !call.mayReadAttempt)
    _ = try await call.retry(Self.atOnce)(1)
    #expect(unclaimed.entries == [false])
  }

  @Test(arguments: ["hedge inside", "hedge outside"])
  func aHedgeAndARetryAreOneCall(stack: String) async throws {
    let (budget, ids) = (emptied(), Log<UInt64>())
    let failing = Peek(base: ServiceCall { (_: Int) in throw Failure() }, ids: ids)
    let succeeding = ServiceCall { (_: Int) in }
    let hedge = HedgePolicy(delay: .fixed(.seconds(60)))
    let (fails, succeeds): (AnyHandler<Int, Void>, AnyHandler<Int, Void>) =
      if stack == "hedge inside" {
        (
          AnyHandler(failing.hedge(hedge, budget: nil).retry(Self.atOnce, budget: nil)),
          AnyHandler(succeeding.hedge(hedge, budget: budget).retry(Self.atOnce, budget: budget))
        )
      } else {
        (
          AnyHandler(failing.retry(Self.atOnce, budget: nil).hedge(hedge, budget: nil)),
          AnyHandler(succeeding.retry(Self.atOnce, budget: budget).hedge(hedge, budget: budget))
        )
      }
    try? await fails(1)
    #expect(ids.entries.count == 6)
    #expect(Set(ids.entries).count == 1)
    #expect(ids.entries.first ?? 0 > 1)
    for _ in 1...10 { try await succeeds(1) }
    #expect(budget.available == 10)
  }

  /// As that of a balanced call: what its instances say is known when there is one.
  @Test func whatACallSaysAboutItselfIsAskedWhenItHasFailed() async throws {
    for traits in [CallTraits(idempotency: .nonIdempotent), CallTraits(isReplayable: false)] {
      let learning = Learning(known: traits)
      try? await learning.retry(Self.atOnce, budget: nil)(1)
      #expect(learning.calls.entries.count == 1, "\(traits)")
      let condition = Learning(known: traits)
      try? await condition.retry(Self.atOnce, budget: nil, deciding: { _ in .asPlanned })(1)
      #expect(condition.calls.entries.count == 1, "\(traits)")
    }
  }

  // MARK: - Observers

  /// Waits between them, so that they are begun where the wait has ended.
  @Test func everyAttemptBeginsAndEndsOnceInItsOwnSpanAtItsOwnTime() throws {
    let observer = Spans()
    try Simulation(seed: 1).run { sim in
      let call = ServiceCall { (_: Int) in
        observer.log.append("body \(CallContext.current.trace.span)")
        try await sim.sleep(for: .milliseconds(10))
        throw Failure()
      }.retry(RetryPolicy(maxAttempts: 3, backoff: .constant(.seconds(1), jitter: .none)))
      await CallContext.withObserver(observer) {
        var context = CallContext.current
        context.enterSpan(TraceIDs(trace: context.trace, span: 7))
        try? await call.handle(1, context: context)
      }
    }
    #expect(
      observer.log.entries == [
        "began 1/3 in 7", "body 101", "ended 1/3 span 101 of 7 at 0 failure", "retry.scheduled in 7",
        "began 2/3 in 7", "body 102", "ended 2/3 span 102 of 7 at 1010 failure", "retry.scheduled in 7",
        "began 3/3 in 7", "body 103", "ended 3/3 span 103 of 7 at 2020 failure", "retry.gave_up in 7",
      ])
  }

  /// A deadline that reached one attempt and not the others would be a trap.
  @Test(arguments: [false, true])
  func whatAnObserverChangesBesidesTheSpanReachesNoAttempt(isInline: Bool) async throws {
    final class Meddler: CallObserver {
      func attemptBegan(_ attempt: inout CallContext) {
        attempt.tightenDeadline(to: Deadline(at: .milliseconds(.max / 2_000_000)))
      }
    }
    let deadlines = Log<Deadline>()
    await CallContext.withObserver(Meddler()) {
      if isInline {
        try? await Self.atOnce.run(budget: nil) { _ in
          deadlines.append(CallContext.current.deadline)
          throw Failure()
        }
      } else {
        let call = ServiceCall { (_: Int, context: CallContext) in
          deadlines.append(context.deadline)
          throw Failure()
        }
        try? await call.retry(Self.atOnce)(1)
      }
    }
    #expect(deadlines.entries == [.never, .never, .never])
  }

  private func emptied() -> RetryBudget {
    let budget = RetryBudget(ratio: 1, reserve: 100, refillInterval: nil)
    while budget.withdraw() {}
    return budget
  }
}

// MARK: - Layers

/// Looks at the context; says so or not.
private struct Peek<Base: Handler>: HandlerDecorator, BuiltInHandler {
  let base: Base
  var log = Log<String>()
  var ids = Log<UInt64>()
  var reads = false

  var readsAttempt: Bool { reads || base.mayReadAttempt }

  func handle(_ input: Base.Input, context: CallContext) async throws -> Base.Output {
    log.append("\(context.attempt)/\(context.maxAttempts) id \(context.callID)")
    ids.append(context.callID)
    return try await base.handle(input, context: context)
  }
}

/// Asks whether the call is claimed.
private struct Claims<Base: Handler>: HandlerDecorator, BuiltInHandler {
  let base: Base
  let unclaimed: Log<Bool>

  func handle(_ input: Base.Input, context: CallContext) async throws -> Base.Output {
    unclaimed.append(context.isUnclaimed)
    return try await base.handle(input, context: context)
  }
}

/// Has a verdict of its own: 503 is a failure, every error a success.
private struct Judge<Base: Handler>: HandlerDecorator, BuiltInHandler where Base.Output == Int {
  let base: Base
  let judgesValues: Bool

  func handle(_ input: Base.Input, context: CallContext) async throws -> Int {
    try await base.handle(input, context: context)
  }

  func outcome(ofValue value: Int) -> Outcome { value == 503 ? .failure : .success }
  func outcome(ofError error: any Error) -> Outcome { .success }
  func outcome(ofError error: any Error, _ kind: ErrorKind) -> Outcome { .success }
}

/// A handler that says nothing but what it does.
private struct Leaf<Output: Sendable>: Handler {
  let body: @Sendable () -> Output

  func handle(_ input: Int, context: CallContext) async throws -> Output { body() }
}

/// Knows its traits from its first call on, and fails.
private struct Learning: Handler {
  let known: CallTraits
  let calls = Log<Int>()

  var traits: CallTraits { calls.entries.isEmpty ? CallTraits() : known }

  func handle(_ input: Int, context: CallContext) async throws {
    calls.append(input)
    throw Failure()
  }
}

/// Gives each attempt a span of its own, and notes everything.
private final class Spans: CallObserver {
  let log = Log<String>()

  func attemptBegan(_ attempt: inout CallContext) {
    log.append("began \(attempt.attempt)/\(attempt.maxAttempts) in \(attempt.trace.span)")
    attempt.enterSpan(TraceIDs(trace: attempt.trace, span: 100 + UInt64(attempt.attempt)))
    _ = attempt.now
  }

  func attemptEnded(
    _ attempt: CallContext, of call: CallContext, _ outcome: Outcome, error: (any Error)?
  ) {
    var attempt = attempt
    let begun = (attempt.knownNow.instant?.nanoseconds ?? .min) / 1_000_000
    _ = attempt.now
    log.append(
      "ended \(attempt.attempt)/\(attempt.maxAttempts) span \(attempt.trace.span) of \(call.trace.span)"
        + " at \(begun) \(outcome.verdict)")
  }

  func record(_ event: any ResilienceEvent, in context: CallContext) {
    log.append("\("\(event)".prefix { $0 != " " }) in \(context.trace.span)")
  }
}

extension TraceIDs {
  fileprivate init(trace: TraceIDs, span: UInt64) {
    self = trace
    self.span = span
  }
}
