public import ResilienceCore

/// What the decorator and the inline face share: everything but the loop itself, which must stay in their own bodies.
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

  @usableFromInline
  enum Step {
    case stop
    case go
    case wait(until: Instant)
  }

  /// Only the outermost of nested retries and hedges deposits; an inner one counts its attempts from 1 again.
  @inlinable
  @inline(__always)
  func begin(_ call: inout CallContext) {
    if call.claimCallID() {
      budget?.deposit()
    } else {
      call.beginAttempt(1)
    }
  }

  /// Decides, takes the budget's token, tells the observer, and makes `attempt` the next attempt's context.
  @usableFromInline
  @inline(never)
  func next(
    after outcome: Outcome, error: (any Error)?, isExcluded: () -> Bool = { false },
    traits: CallTraits = CallTraits(), attempt: inout CallContext, of call: CallContext
  ) -> Step {
    if outcome.verdict == .success { return .stop }
    let number = Int(attempt.attempt)
    let now = call.readClock()
    var decision =
      Task.isCancelled
      ? .giveUp(.cancelled)
      : policy.decision(
        after: outcome, error: error, attempt: number, now: now, deadline: call.deadline, seed: call.callID,
        idempotency: traits.idempotency)
    if case .retry = decision {
      if isExcluded() {
        decision = .giveUp(.excluded)
      } else if let budget, !budget.withdraw() {
        decision = .giveUp(.budgetExhausted)
      }
    }
    switch decision {
    case .giveUp(let reason):
      call.emit(RetryEvent.gaveUp(call: traits.name, attempts: number, reason: reason))
      return .stop
    case .retry(let delay):
      call.emit(
        RetryEvent.scheduled(call: traits.name, attempt: number + 1, delay: .nanoseconds(delay)))
      attempt = call
      attempt.beginAttempt(UInt16(number + 1))
      return delay > 0 ? .wait(until: now.advanced(byNanoseconds: delay)) : .go
    }
  }

  /// Waits before the attempt that was decided; `false` when the caller cancelled, and the token is handed back.
  @usableFromInline
  @inline(never)
  nonisolated(nonsending) func pause(
    until instant: Instant, before attempt: CallContext, of call: CallContext,
    traits: CallTraits = CallTraits()
  ) async -> Bool {
    do {
      try await call.clock.sleep(until: instant)
      return true
    } catch {
      budget?.refund()
      call.emit(
        RetryEvent.gaveUp(call: traits.name, attempts: Int(attempt.attempt) - 1, reason: .cancelled))
      return false
    }
  }
}
