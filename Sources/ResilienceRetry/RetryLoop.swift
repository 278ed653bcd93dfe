public import ResilienceCore

/// What the decorator and the inline face share.
@frozen
@usableFromInline
struct RetryLoop: Sendable {
  @usableFromInline let policy: RetryPolicy
  @usableFromInline let budget: RetryBudget?

  @inlinable
  init(policy: RetryPolicy, budget: RetryBudget?) {
    self.policy = policy
    self.budget = budget
  }

  /// A retry that was decided.
  @usableFromInline
  struct Next: Sendable {
    let call: CallContext
    let begin: Instant
    @usableFromInline let mustWait: Bool

    /// The next attempt's context; its attempt begins now.
    @usableFromInline var attempt: CallContext {
      @inline(never) get {
        var attempt = call
        attempt.beginAttempt(call.attempt + 1)
        attempt.attemptBegan()
        return attempt
      }
    }
  }

  /// The first attempt's context.
  ///
  /// Only the outermost of nested retries and hedges deposits; each counts its own attempts from 1, also inside
  /// the second delivery of an event.
  @inlinable
  @inline(__always)
  func begin(_ context: CallContext) -> CallContext {
    var attempt = context
    if attempt.claimCallID() { budget?.deposit() }
    attempt.countAttemptsAnew()
    return attempt.isObserved ? Self.observed(attempt) : attempt
  }

  @usableFromInline
  @inline(never)
  static func observed(_ attempt: CallContext) -> CallContext {
    var attempt = attempt
    attempt.attemptBegan()
    return attempt
  }

  /// The context of the call that made an observed attempt: only the span can differ.
  private static func call(of attempt: CallContext, in span: TraceIDs) -> CallContext {
    guard attempt.isObserved else { return attempt }
    var call = attempt
    call.enterSpan(span)
    return call
  }

  @usableFromInline
  @inline(never)
  static func end(
    _ attempt: CallContext, of span: TraceIDs, _ outcome: Outcome, error: (any Error)? = nil
  ) {
    attempt.attemptEnded(of: call(of: attempt, in: span), outcome, error: error)
  }

  /// Decides, takes the budget's token, and tells the observer; `nil` gives up.
  @usableFromInline
  @inline(never)
  func next(
    after outcome: Outcome, error: (any Error)?, attempt: CallContext, of span: TraceIDs,
    traits: CallTraits = CallTraits(), isExcluded: () -> Bool = { false }
  ) -> Next? {
    if outcome.verdict == .success { return nil }
    let call = Self.call(of: attempt, in: span)
    let number = attempt.attempt
    let now = call.readClock()
    var decision: RetryDecision =
      Task.isCancelled
      ? .giveUp(.cancelled)
      : policy.decision(
        after: outcome, error: error, attempt: Int(number), now: now, deadline: call.deadline,
        seed: call.callID, idempotency: traits.idempotency)
    if case .retry = decision {
      if isExcluded() {
        decision = .giveUp(.excluded)
      } else if let budget, !budget.withdraw() {
        decision = .giveUp(.budgetExhausted)
      }
    }
    switch decision {
    case .giveUp(let reason):
      call.emit(RetryEvent.gaveUp(call: traits.name, attempts: Int(number), reason: reason))
      return nil
    case .retry(let delay):
      call.emit(
        RetryEvent.scheduled(call: traits.name, attempt: Int(number) + 1, delay: .nanoseconds(delay)))
      return Next(call: call, begin: now.advanced(byNanoseconds: delay), mustWait: delay > 0)
    }
  }

  /// Waits until the retry may begin; `false` when the caller cancelled: the token is handed back.
  ///
  /// Concurrent on purpose. After a call that stays on the caller's actor the compiler does not know where it is, and
  /// then has the success path return to that actor twice (+86 instructions).
  @usableFromInline
  @inline(never)
  @concurrent
  func pause(before next: Next, traits: CallTraits = CallTraits()) async -> Bool {
    do {
      try await next.call.clock.sleep(until: next.begin)
      return true
    } catch {
      budget?.refund()
      next.call.emit(
        RetryEvent.gaveUp(call: traits.name, attempts: Int(next.call.attempt), reason: .cancelled))
      return false
    }
  }
}
