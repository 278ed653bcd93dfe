public import ResilienceCore

/// A handler whose failed attempts are repeated; see
/// ``ResilienceCore/Handler/retry(_:budget:onEvent:deciding:)``.
///
/// One object, however deep the stack inside: what lives across the await of an attempt is one word.
public final class RetryHandler<Base: Handler>: RetriesFailures, BuiltInHandler {
  /// The wrapped handler.
  public let base: Base

  /// The kind `retry`, with attempts and backoff.
  public var layer: HandlerLayer? { HandlerLayer("retry", loop.summary) }

  @usableFromInline let loop: RetryLoop
  @usableFromInline let budget: RetryBudget
  @usableFromInline let choice: (@Sendable (RetryFailure<Base.Input>) -> RetryChoice)?

  /// Not 0 when something inside looks at the context of an attempt, or at values. As wide as an observer's
  /// handle, so that both are tested at once.
  @usableFromInline let looksInside: UInt32
  @usableFromInline let drawsID: Bool

  init(base: Base, loop: RetryLoop, choice: (@Sendable (RetryFailure<Base.Input>) -> RetryChoice)?) {
    self.base = base
    self.loop = loop
    self.choice = choice
    budget = loop.budget
    drawsID = base.mayReadAttempt
    looksInside = drawsID || base.mayJudgeValues ? 1 : 0
  }

  convenience init(
    _ base: Base, _ policy: RetryPolicy, live: LivePolicy<RetryPolicy>? = nil, budget: RetryBudget?,
    onEvent: (@Sendable (RetryEvent) -> Void)?,
    choice: (@Sendable (RetryFailure<Base.Input>) -> RetryChoice)?
  ) {
    let loop = RetryLoop(
      base.traits.name, policy, live: live, budget: budget, provesRefusals: !base.mayRepeatCalls,
      onEvent: onEvent)
    self.init(base: base, loop: loop, choice: choice)
  }

  // A retry inside another one does not deposit.
  @inlinable
  package var readsAttempt: Bool { true }

  /// Calls the base until an attempt succeeds or the policy gives up.
  ///
  /// - Throws: What the last attempt threw.
  @inlinable
  @inline(__always)
  public nonisolated(nonsending) func handle(_ input: Base.Input, context: CallContext) async throws
    -> Base.Output
  {
    // The first attempt is here twice, and all others are in a function of their own: whatever is prepared
    // for more than one attempt is stored for every call, and most end with the first.
    let next: RetryAttempt
    let last: Result<Base.Output, any Error>
    if looksInside | context.observerBits == 0 {
      do {
        let value = try await base.perform(input, in: context)
        if _slowPath(budget.isBelowMaximum) { budget.noteSuccess(isFirst: context.isUnclaimed) }
        return value
      } catch {
        next = afterFirst(threw: error, of: input, context, of: context)
        if next.isOver { throw error }
        last = .failure(error)
      }
    } else {
      let first = loop.first(of: context, drawsID: drawsID)
      do {
        let value = try await base.perform(input, in: first)
        let outcome = base.judge(value: value, in: context)
        if outcome.verdict == .success {
          if first.isObserved || budget.isBelowMaximum {
            loop.succeeded(outcome, RetryAttempt(first: first, of: context), of: context)
          }
          return value
        }
        next = afterFirst(returned: outcome, of: input, first, of: context)
        if next.isOver { return value }
        last = .success(value)
      } catch {
        next = afterFirst(threw: error, of: input, first, of: context)
        if next.isOver { throw error }
        last = .failure(error)
      }
    }
    guard let value = try await again(input, next, of: context) else { return try last.get() }
    return value
  }

  /// All attempts but the first.
  ///
  /// Isolated by a parameter: after a call that merely inherits the caller's actor the compiler does not know
  /// where it is, and has calls that succeed at once return to that actor twice.
  ///
  /// - Returns: `nil` when the caller cancelled while it waited for the first of them.
  @inlinable
  @inline(never)
  func again(
    _ input: Base.Input, _ next: RetryAttempt, of call: CallContext,
    isolation: isolated (any Actor)? = #isolation
  ) async throws -> Base.Output? {
    var attempt = next
    if attempt.isWaiting {
      attempt = await loop.pause(attempt, of: call)
      if attempt.isOver { return nil }
    }
    while true {
      do {
        let value = try await base.perform(input, in: loop.context(of: attempt, call))
        let outcome = base.judge(value: value, in: call)
        if outcome.verdict == .success {
          if call.isObserved || budget.isBelowMaximum { loop.succeeded(outcome, attempt, of: call) }
          return value
        }
        attempt = afterAnother(returned: outcome, of: input, attempt, of: call)
        if attempt.isWaiting { attempt = await loop.pause(attempt, of: call) }
        if attempt.isOver { return value }
      } catch {
        attempt = afterAnother(threw: error, of: input, attempt, of: call)
        if attempt.isWaiting { attempt = await loop.pause(attempt, of: call) }
        if attempt.isOver { throw error }
      }
    }
  }

  /// What the retry did so far, and what its budget has left.
  public func snapshot() -> RetrySnapshot { loop.snapshot() }

  // MARK: - After an attempt

  // Out of line, so that the path of a first attempt that succeeds does not hold what is decided here.
  @inlinable
  @inline(never)
  func afterFirst(threw error: any Error, of input: Base.Input, _ first: CallContext, of call: CallContext)
    -> RetryAttempt
  {
    afterAnother(threw: error, of: input, RetryAttempt(first: first, of: call), of: call)
  }

  @inlinable
  @inline(never)
  func afterFirst(returned outcome: Outcome, of input: Base.Input, _ first: CallContext, of call: CallContext)
    -> RetryAttempt
  {
    afterAnother(returned: outcome, of: input, RetryAttempt(first: first, of: call), of: call)
  }

  @inlinable
  func afterAnother(
    threw error: any Error, of input: Base.Input, _ attempt: RetryAttempt, of call: CallContext
  )
    -> RetryAttempt
  {
    decideNext(after: base.judge(error, in: call), error, of: input, attempt, of: call)
  }

  @inlinable
  func afterAnother(
    returned outcome: Outcome, of input: Base.Input, _ attempt: RetryAttempt, of call: CallContext
  ) -> RetryAttempt {
    decideNext(after: outcome, nil, of: input, attempt, of: call)
  }

  /// Decides whether another attempt follows. Asks for the traits now: a balancer inside learns them from its
  /// first instance.
  @inlinable
  @inline(__always)
  func decideNext(
    after outcome: Outcome, _ error: (any Error)?, of input: Base.Input, _ attempt: RetryAttempt,
    of call: CallContext
  ) -> RetryAttempt {
    let traits = base.traits
    guard let choice else {
      return loop.decideNext(
        after: outcome, error, attempt, of: call, idempotency: traits.idempotency,
        isReplayable: traits.isReplayable)
    }
    let number = attempt.number
    return loop.decideNext(
      after: outcome, error, attempt, of: call, idempotency: traits.idempotency,
      isReplayable: traits.isReplayable,
      choosing: { planned, seed in
        choice(
          RetryFailure(
            input: input, outcome: outcome, error: error, attempt: number, delay: .nanoseconds(planned),
            seed: seed))
      })
  }
}

extension Handler {
  /// Tries again when an attempt fails.
  ///
  /// Which errors and values are failures is said at the leaf with `classify`. However the call ends, the
  /// caller gets what the operation itself last threw or returned; how many attempts there were and why there
  /// was no further one is in ``ResilienceRetry/RetryEvent/gaveUp(call:attempts:reason:error:)``, which
  /// `onEvent` and the call's observer are told.
  ///
  /// When a service does not retry any more, look at ``ResilienceRetry/RetryHandler/snapshot()``, which needs
  /// neither: it counts the calls that were given up for each reason, such as
  /// ``ResilienceRetry/RetryDecision/Reason/budgetExhausted``, and says what the budget has left. It is also
  /// a source of metrics.
  ///
  /// - **The caller's cancellation** is never retried, whatever error is thrown for it. When it arrives
  ///   during a wait, the call ends at once with what the last attempt came to. A `CancellationError` that
  ///   the caller did not cause is a failure like any other.
  /// - **The deadline** holds: a retry whose wait would not end before it is not begun.
  /// - **A call that is not idempotent** is repeated only when the failure says that nothing ran
  ///   (`Pushback.notProcessed`); one whose input cannot be sent twice (`notReplayable()`) never is.
  /// - **What provably did not run** in the first attempt is repeated at once, without a wait: it may find a
  ///   healthy connection or instance. It counts as an attempt, and takes a token of the budget, as any
  ///   other.
  /// - **A refusal** of a layer inside is repeated only if it says when, and not before; that of an open
  ///   breaker never, which is there to fail fast. Nothing was sent to the destination: it takes no token of
  ///   the budget, and a token that the refused attempt held is kept for the next one or given back. See
  ///   `Rejection` for the refusal of a call that the work makes after it has begun.
  ///
  /// Put it outside a timeout and a breaker, never inside a breaker. Make the stack once and keep it: a retry
  /// that is made anew for each call has a full budget each time.
  ///
  /// Waits and attempts by the kind of failure, where one policy does not fit all of them:
  ///
  /// ```swift
  /// let rows = query.retry(RetryPolicy(maxAttempts: 5), budget: budget, deciding: { failure in
  ///   switch failure.error {
  ///   case is Deadlock: .backoff(.constant(.milliseconds(5)))           // soon, with jitter
  ///   case is ReplicaLag: .after(.milliseconds(100 * failure.attempt))  // exactly
  ///   case is SyntaxError: .stop
  ///   case is ConnectionLost where failure.attempt >= 2: .stop          // two attempts for this kind
  ///   default: .asPlanned
  ///   }
  /// })
  /// ```
  ///
  /// - Parameters:
  ///   - policy: Attempts and waits. Default: 3 attempts, exponential backoff.
  ///   - budget: The destination's budget, shared by all that repeats calls to it; `nil` for unbounded extra
  ///     load. Default: one of its own: a tenth of the calls, three saved up, and three a minute. So of a
  ///     call that always fails the first is tried three times, the second twice, and the next ones once,
  ///     until some succeed or time has passed; in a script or a test, where that is not wanted, say `nil`.
  ///   - onEvent: Is told of every decision, in the caller's task, before the wait. Default: nobody.
  ///   - choice: Narrows what is retried, and says how long to wait, by input, error, outcome and number of
  ///     the attempt that failed. Asked only when everything but the deadline and the budget allows a retry,
  ///     in the caller's task; pure and quick. Default: as the policy has it.
  public func retry(
    _ policy: RetryPolicy = RetryPolicy(), budget: RetryBudget? = RetryBudget(),
    onEvent: (@Sendable (_ event: RetryEvent) -> Void)? = nil,
    deciding choice: (@Sendable (_ failure: RetryFailure<Input>) -> RetryChoice)? = nil
  ) -> RetryHandler<Self> {
    RetryHandler(self, policy, budget: budget, onEvent: onEvent, choice: choice)
  }
}
