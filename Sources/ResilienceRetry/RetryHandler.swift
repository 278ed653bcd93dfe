public import ResilienceCore

/// A handler whose failed attempts are repeated; see ``ResilienceCore/Handler/retry(_:budget:when:)``.
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
    let span = context.trace
    var attempt = loop.begin(context)
    while true {
      do {
        let value = try await base.handle(input, context: attempt)
        let outcome = base.outcome(ofValue: value)
        if attempt.isObserved { RetryLoop.end(attempt, of: span, outcome) }
        if outcome.verdict == .success { return value }
        guard let next = next(after: outcome, error: nil, of: input, attempt, span) else { return value }
        if next.mustWait, await !loop.pause(before: next, traits: base.traits) { return value }
        attempt = next.attempt
      } catch {
        let outcome = base.outcome(ofError: error)
        if attempt.isObserved { RetryLoop.end(attempt, of: span, outcome, error: error) }
        guard let next = next(after: outcome, error: error, of: input, attempt, span) else { throw error }
        if next.mustWait, await !loop.pause(before: next, traits: base.traits) { throw error }
        attempt = next.attempt
      }
    }
  }

  @inlinable
  @inline(never)
  func next(
    after outcome: Outcome, error: (any Error)?, of input: Base.Input, _ attempt: CallContext,
    _ span: TraceIDs
  ) -> RetryLoop.Next? {
    let number = Int(attempt.attempt)
    return loop.next(after: outcome, error: error, attempt: attempt, of: span, traits: base.traits) {
      condition.map { !$0(input, outcome, number) } ?? false
    }
  }
}

extension Handler {
  /// Tries again when an attempt fails.
  ///
  /// Which errors and values are failures is said at the leaf with `classify`. However the call ends, the caller gets
  /// what the operation itself last threw or returned; the attempts and the reason are in ``RetryEvent/gaveUp(call:attempts:reason:)``.
  ///
  /// - **Cancellation** is never retried. When it arrives during a wait, the call ends at once with what the last
  ///   attempt came to.
  /// - **The deadline** holds: a retry whose wait would not end before it is not begun.
  /// - **A call that is not idempotent** is repeated only when the failure says that nothing ran
  ///   (`Pushback.notProcessed`).
  /// - **A refusal** of a layer inside is repeated only if it says when, and not before.
  ///
  /// Put it outside a timeout and a breaker, never inside a breaker.
  ///
  /// - Parameters:
  ///   - policy: Attempts and waits. Default: 3 attempts, exponential backoff.
  ///   - budget: The destination's budget, shared by all that repeats calls to it; `nil` for unbounded extra load.
  ///     Default: one of its own, 10 % of the calls.
  ///   - condition: Narrows what is retried, by input, outcome and number of the attempt that failed, from 1. Asked
  ///     only when everything but the budget allows a retry. Default: no narrowing.
  @inlinable
  public func retry(
    _ policy: RetryPolicy = RetryPolicy(), budget: RetryBudget? = RetryBudget(),
    when condition: (@Sendable (_ input: Input, _ outcome: Outcome, _ attempt: Int) -> Bool)? = nil
  ) -> RetryHandler<Self> {
    RetryHandler(base: self, loop: RetryLoop(policy: policy, budget: budget), condition: condition)
  }
}
