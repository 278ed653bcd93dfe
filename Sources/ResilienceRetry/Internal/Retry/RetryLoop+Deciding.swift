public import ResilienceCore

extension RetryLoop {
  /// Decides after an attempt whether another one follows, takes the budget's token for it, and tells who
  /// wants to know.
  @usableFromInline
  @inline(never)
  func decideNext(
    after outcome: Outcome, _ error: (any Error)?, _ attempt: RetryAttempt, of call: CallContext,
    idempotency: CallTraits.Idempotency = .notStated, isReplayable: Bool = true
  ) -> RetryAttempt {
    guard live == nil else {
      return decideNext(
        after: outcome, error, attempt, of: call, idempotency: idempotency, isReplayable: isReplayable,
        choosing: { _, _ in .asPlanned })
    }
    let attempt = ended(attempt, of: call, outcome, error)
    let decision = decision(
      by: constantPolicy, after: outcome, error, attempt, of: call, deadline: call.deadline, idempotency,
      isReplayable)
    return carryOut(decision, after: outcome, error, attempt, of: call)
  }

  /// The same, where somebody chooses whether, and after how long: the deadline is held against the chosen
  /// wait.
  @usableFromInline
  @inline(never)
  func decideNext(
    after outcome: Outcome, _ error: (any Error)?, _ attempt: RetryAttempt, of call: CallContext,
    idempotency: CallTraits.Idempotency, isReplayable: Bool,
    choosing choose: (_ planned: Int64, _ seed: UInt64) -> RetryChoice
  ) -> RetryAttempt {
    let attempt = ended(attempt, of: call, outcome, error)
    var decision = decision(
      by: policy, after: outcome, error, attempt, of: call, deadline: .never, idempotency, isReplayable)
    if case .retry(let planned) = decision {
      let choice = choose(planned, attempt.identity.number)
      let least = outcome.leastWait(error, at: { call.readClock() })
      decision = choice.decision(
        planned: planned, least: least, retry: attempt.number, seed: attempt.identity.number, of: call)
    }
    return carryOut(decision, after: outcome, error, attempt, of: call)
  }

  @inline(__always)
  private func ended(
    _ attempt: RetryAttempt, of call: CallContext, _ outcome: Outcome, _ error: (any Error)?
  ) -> RetryAttempt {
    var attempt = attempt
    if !attempt.identity.hasNumber { attempt.identity = CallIdentity(drawing: call.random()) }
    if call.isObserved { tellEnded(attempt, of: call, outcome, error) }
    return attempt
  }

  @inline(__always)
  private func decision(
    by policy: RetryPolicy, after outcome: Outcome, _ error: (any Error)?, _ attempt: RetryAttempt,
    of call: CallContext,
    deadline: Deadline, _ idempotency: CallTraits.Idempotency, _ isReplayable: Bool
  ) -> RetryDecision {
    let decision = policy.decision(
      after: outcome, error: error, attempt: attempt.number, deadline: deadline,
      seed: attempt.identity.number, idempotency: idempotency, isReplayable: isReplayable,
      now: { call.readClock() })
    switch decision {
    // Nobody waits for another attempt. The deadline does not say so where callers share an execution.
    case .retry where Task.isCancelled:
      return .giveUp(cancellation(of: call))
    case .giveUp(.notAFailure) where outcome.verdict == .neutral && Task.isCancelled:
      return .giveUp(cancellation(of: call))
    default: return decision
    }
  }

  /// A refusal by one of our own layers put no load on the destination: it takes no token of the budget and
  /// deposits nothing. A token that the refused attempt held is kept for the next one, or given back.
  @inline(__always)
  private func carryOut(
    _ decision: RetryDecision, after outcome: Outcome, _ error: (any Error)?, _ ended: RetryAttempt,
    of call: CallContext
  ) -> RetryAttempt {
    var attempt = ended
    let isRefusal = if case .giveUp(.rejected) = decision { true } else { outcome.isRefusal(error) }
    let wasRefused = isRefusal && provesRefusals
    switch decision {
    case .giveUp(let reason):
      if !wasRefused {
        budget.noteUnretried(isFirst: attempt.isFirstOutcome, outcome.verdict)
      } else if attempt.holdsToken {
        budget.refundRetry()
      }
      // An error that counts as a success is an answer.
      if outcome.verdict != .success { gaveUp(reason, error, attempt, of: call) }
      return attempt.with(.over)
    case .retry(let delay):
      if !wasRefused {
        guard budget.withdraw(depositing: attempt.isFirstOutcome, at: call.readClock()) else {
          gaveUp(.budgetExhausted, error, attempt, of: call)
          return attempt.with(.over)
        }
        attempt.holdsToken = true
        attempt.isFirstOutcome = false
      }
      counts.noteRetry()
      if isTold(call) { tellScheduled(delay, error, attempt, wasRefused, of: call) }
      guard delay > 0 else { return begin(attempt.next(of: call), of: call) }
      return attempt.with(.waiting(until: call.readClock().advanced(byNanoseconds: delay)))
    }
  }
}
