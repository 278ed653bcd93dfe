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
    var call = context
    loop.begin(&call)
    var attempt = call
    while true {
      attempt.attemptBegan()
      do {
        let value = try await base.handle(input, context: attempt)
        let outcome = base.outcome(ofValue: value)
        attempt.attemptEnded(of: call, outcome)
        if outcome.verdict == .success { return value }
        switch next(after: outcome, error: nil, of: input, attempt: &attempt, call: call) {
        case .stop: return value
        case .go: break
        case .wait(let instant):
          guard await pause(until: instant, before: attempt, of: call) else { return value }
        }
      } catch {
        let outcome = base.outcome(ofError: error)
        attempt.attemptEnded(of: call, outcome)
        switch next(after: outcome, error: error, of: input, attempt: &attempt, call: call) {
        case .stop: throw error
        case .go: break
        case .wait(let instant):
          guard await pause(until: instant, before: attempt, of: call) else { throw error }
        }
      }
    }
  }

  @inlinable
  @inline(never)
  func next(
    after outcome: Outcome, error: (any Error)?, of input: Base.Input, attempt: inout CallContext,
    call: CallContext
  ) -> RetryLoop.Step {
    let number = Int(attempt.attempt)
    return loop.next(
      after: outcome, error: error, isExcluded: { condition.map { !$0(input, outcome, number) } ?? false },
      traits: base.traits, attempt: &attempt, of: call)
  }

  @inlinable
  @inline(never)
  nonisolated(nonsending) func pause(
    until instant: Instant, before attempt: CallContext, of call: CallContext
  ) async -> Bool {
    await loop.pause(until: instant, before: attempt, of: call, traits: base.traits)
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
  /// - **A call that is not idempotent** is repeated only on proof that nothing ran.
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
