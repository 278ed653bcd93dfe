public import ResilienceCore

/// A handler whose failed attempts are repeated; see ``ResilienceCore/Handler/retry(_:budget:when:onEvent:)``.
@frozen
public struct RetryHandler<Base: Handler>: RetriesInside {
  /// The wrapped handler.
  public let base: Base

  @usableFromInline let loop: RetryLoop
  @usableFromInline let condition: (@Sendable (Base.Input, Outcome, Int) -> Bool)?

  @inlinable
  init(base: Base, loop: RetryLoop, condition: (@Sendable (Base.Input, Outcome, Int) -> Bool)?) {
    self.base = base
    self.loop = loop
    self.condition = condition
  }

  /// Calls the base until an attempt succeeds or the policy gives up.
  ///
  /// - Throws: What the last attempt threw.
  @inlinable
  @inline(__always)
  public nonisolated(nonsending) func handle(_ input: Base.Input, context: CallContext) async throws
    -> Base.Output
  {
    let call = context.inherited.parts
    var attempt = loop.begin(context)
    while true {
      do {
        let value = try await base.handle(
          input, context: attempt.context(of: call, maxAttempts: loop.maxAttempts))
        let outcome = base.outcome(ofValue: value)
        if outcome.verdict == .success {
          loop.succeeded(attempt, of: call, outcome)
          return value
        }
        switch next(after: outcome, error: nil, of: input, attempt, of: call) {
        case .giveUp:
          return value
        case .retry(let next):
          attempt = next
        case .wait(let due):
          guard await loop.pause(before: due, of: call) else { return value }
          attempt = loop.beginNext(due, of: call)
        }
      } catch {
        switch next(
          after: base.outcome(ofError: error), error: error, of: input, attempt, of: call)
        {
        case .giveUp:
          throw error
        case .retry(let next):
          attempt = next
        case .wait(let due):
          guard await loop.pause(before: due, of: call) else { throw error }
          attempt = loop.beginNext(due, of: call)
        }
      }
    }
  }

  @inlinable
  @inline(never)
  func next(
    after outcome: Outcome, error: (any Error)?, of input: Base.Input, _ attempt: RetryAttempt,
    of call: Ambient.Inherited.Parts
  ) -> RetryLoop.Step {
    let traits = base.traits
    guard let condition else {
      return loop.next(
        after: outcome, error: error, attempt, of: call, idempotency: traits.idempotency,
        isReplayable: traits.isReplayable)
    }
    let number = Int(attempt.number)
    return loop.next(
      after: outcome, error: error, attempt, of: call, idempotency: traits.idempotency,
      isReplayable: traits.isReplayable
    ) {
      !condition(input, outcome, number)
    }
  }
}

extension Handler {
  /// Tries again when an attempt fails.
  ///
  /// Which errors and values are failures is said at the leaf with `classify`. However the call ends, the caller gets
  /// what the operation itself last threw or returned; how many attempts there were and why there was no further one is
  /// in ``RetryEvent/gaveUp(call:attempts:reason:)``, which `onEvent` and the call's observer are told.
  ///
  /// - **Cancellation** is never retried. When it arrives during a wait, the call ends at once with what the last
  ///   attempt came to.
  /// - **The deadline** holds: a retry whose wait would not end before it is not begun.
  /// - **A call that is not idempotent** is repeated only when the failure says that nothing ran
  ///   (`Pushback.notProcessed`); one whose input cannot be sent twice (`notReplayable()`) never is.
  /// - **What provably did not run** in the first attempt is repeated at once, without a wait: it may find a healthy
  ///   connection or instance. It counts as an attempt, and takes a token of the budget, as any other.
  /// - **A refusal** of a layer inside is repeated only if it says when, and not before; that of an open breaker never, which
  ///   is there to fail fast.
  ///
  /// Put it outside a timeout and a breaker, never inside a breaker.
  ///
  /// - Parameters:
  ///   - policy: Attempts and waits. Default: 3 attempts, exponential backoff.
  ///   - budget: The destination's budget, shared by all that repeats calls to it; `nil` for unbounded extra load.
  ///     Default: one of its own, 10 % of the calls.
  ///   - condition: Narrows what is retried, by input, outcome and number of the attempt that failed, from 1. Asked
  ///     only when everything but the budget allows a retry. Default: no narrowing.
  ///   - onEvent: Is told of every decision, in the caller's task, before the wait. Default: nobody.
  @inlinable
  public func retry(
    _ policy: RetryPolicy = RetryPolicy(), budget: RetryBudget? = RetryBudget(),
    when condition: (@Sendable (_ input: Input, _ outcome: Outcome, _ attempt: Int) -> Bool)? = nil,
    onEvent: (@Sendable (_ event: RetryEvent) -> Void)? = nil
  ) -> RetryHandler<Self> {
    RetryHandler(
      base: self,
      loop: RetryLoop(
        traits.name, policy: policy, budget: budget, onEvent: onEvent, drawsIDs: readsCallID),
      condition: condition)
  }
}
