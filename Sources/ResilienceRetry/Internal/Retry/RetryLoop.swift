public import ResilienceCore

/// One policy at work: what the decorator and the inline face share, whatever they call.
@usableFromInline
final class RetryLoop: Sendable {
  @usableFromInline let budget: RetryBudget
  private let policy: RetryPolicy
  private let limit: UInt32
  private let counts = RetryCounts()
  private let onEvent: (@Sendable (RetryEvent) -> Void)?
  private let name: String
  /// Whether a refusal says that nothing was sent: not behind another retry, whose earlier attempts were.
  private let provesRefusals: Bool

  @usableFromInline
  init(
    _ name: String, _ policy: RetryPolicy, budget: RetryBudget?, provesRefusals: Bool = true,
    onEvent: (@Sendable (RetryEvent) -> Void)?
  ) {
    self.name = name
    self.provesRefusals = provesRefusals
    self.policy = policy
    limit = UInt32(clamping: policy.maxAttempts)
    self.budget = budget ?? .unbounded
    self.onEvent = onEvent
  }

  /// For a reader of the stack: `3 (exponential 50 ms…20 s, full jitter)`.
  var summary: String {
    "\(policy.maxAttempts == .max ? "without limit" : "\(policy.maxAttempts)") (\(policy.backoff))"
  }

  func snapshot() -> RetrySnapshot { counts.snapshot(of: name, budget.snapshot()) }

  // MARK: - Before an attempt

  /// The context of a first attempt that somebody looks at.
  @usableFromInline
  @inline(never)
  func first(of call: CallContext, drawsID: Bool) -> CallContext {
    var first = call
    first.claim()
    first.beginAttempt(1, of: limit, at: call.nowIfKnown)
    if drawsID || call.isObserved { first.drawCallID() }
    guard call.isObserved else { return first }
    first.attemptBegan()
    // Of what the observer changed it keeps the span, as all later attempts do.
    return context(of: RetryAttempt(first: first, of: call), call)
  }

  /// The context of any attempt.
  @usableFromInline
  @inline(never)
  func context(of attempt: RetryAttempt, _ call: CallContext) -> CallContext {
    var context = caller(of: attempt, call)
    context.setNow(attempt.now)
    if attempt.span != call.trace.span {
      var trace = call.trace
      trace.span = attempt.span
      context.enterSpan(trace)
    }
    return context
  }

  /// The context that an attempt is made from.
  private func caller(of attempt: RetryAttempt, _ call: CallContext) -> CallContext {
    var caller = call
    caller.claim(as: attempt.id)
    caller.beginAttempt(attempt.count, of: limit)
    return caller
  }

  /// Waits until the retry is due, and begins it; when the caller cancels, it is over, and the token is
  /// handed back.
  ///
  /// Concurrent on purpose: after a call that stays on the caller's actor the compiler does not know where it
  /// is.
  @usableFromInline
  @inline(never)
  @concurrent
  func pause(_ attempt: RetryAttempt, of call: CallContext) async -> RetryAttempt {
    do {
      try await call.clock.sleep(until: attempt.due)
    } catch {
      if attempt.holdsToken { budget.refundRetry() }
      gaveUp(cancellation(of: call), attempt, of: call)
      return attempt.over()
    }
    return begin(attempt.next(of: call), of: call)
  }

  private func begin(_ attempt: RetryAttempt, of call: CallContext) -> RetryAttempt {
    guard call.isObserved else { return attempt }
    var context = context(of: attempt, call)
    context.attemptBegan()
    var attempt = attempt
    attempt.span = context.trace.span
    attempt.now = context.nowIfKnown
    return attempt
  }

  // MARK: - After an attempt

  /// Bookkeeping of a value that is a success: needed when somebody observes, or the budget is not full.
  @usableFromInline
  @inline(never)
  func succeeded(_ outcome: Outcome, _ attempt: RetryAttempt, of call: CallContext) {
    if call.isObserved { tellEnded(attempt, of: call, outcome, nil) }
    if budget.isBelowMaximum { budget.noteSuccess(isFirst: attempt.isFirstOutcome) }
  }

  /// What comes after all else: decides, takes the budget's token, and tells who wants to know.
  @usableFromInline
  @inline(never)
  func next(
    after outcome: Outcome, _ error: (any Error)?, _ attempt: RetryAttempt, of call: CallContext,
    idempotency: CallTraits.Idempotency = .notStated, isReplayable: Bool = true
  ) -> RetryAttempt {
    let attempt = ended(attempt, of: call, outcome, error)
    let decision = decision(after: outcome, error, attempt, of: call, idempotency, isReplayable)
    return carryOut(decision, after: outcome, error, attempt, of: call)
  }

  /// The same, for those that have a condition.
  @usableFromInline
  @inline(never)
  func next(
    after outcome: Outcome, _ error: (any Error)?, _ attempt: RetryAttempt, of call: CallContext,
    idempotency: CallTraits.Idempotency, isReplayable: Bool, isExcluded: () -> Bool
  ) -> RetryAttempt {
    let attempt = ended(attempt, of: call, outcome, error)
    var decision = decision(after: outcome, error, attempt, of: call, idempotency, isReplayable)
    if case .retry = decision, isExcluded() { decision = .giveUp(.excluded) }
    return carryOut(decision, after: outcome, error, attempt, of: call)
  }

  @inline(__always)
  private func ended(
    _ attempt: RetryAttempt, of call: CallContext, _ outcome: Outcome, _ error: (any Error)?
  ) -> RetryAttempt {
    var attempt = attempt
    if attempt.id <= CallContext.pendingID { attempt.id = call.makeID() }
    if call.isObserved { tellEnded(attempt, of: call, outcome, error) }
    return attempt
  }

  @inline(__always)
  private func decision(
    after outcome: Outcome, _ error: (any Error)?, _ attempt: RetryAttempt, of call: CallContext,
    _ idempotency: CallTraits.Idempotency, _ isReplayable: Bool
  ) -> RetryDecision {
    let decision = policy.decision(
      after: outcome, error: error, attempt: attempt.number, deadline: call.deadline, seed: attempt.id,
      idempotency: idempotency, isReplayable: isReplayable, now: { call.readClock() })
    switch decision {
    // Nobody waits for another attempt. The deadline does not say so where callers share an execution.
    case .retry where Task.isCancelled:
      return .giveUp(cancellation(of: call))
    case .giveUp(.notAFailure) where outcome.verdict == .neutral && Task.isCancelled:
      return .giveUp(cancellation(of: call))
    default: return decision
    }
  }

  /// Why a call that was cancelled is over: the caller did not want it any more, or a time limit outside has
  /// passed.
  @inline(never)
  private func cancellation(of call: CallContext) -> RetryDecision.Reason {
    call.callerHasCancelled ? .cancelled : .deadline
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
      if outcome.verdict != .success { gaveUp(reason, attempt, of: call) }
      return attempt.over()
    case .retry(let delay):
      if !wasRefused {
        guard budget.withdraw(depositing: attempt.isFirstOutcome, at: call.readClock()) else {
          gaveUp(.budgetExhausted, attempt, of: call)
          return attempt.over()
        }
        attempt.holdsToken = true
        attempt.isFirstOutcome = false
      }
      counts.noteRetry()
      if isTold(call) { tellScheduled(delay, attempt, wasRefused, of: call) }
      guard delay > 0 else { return begin(attempt.next(of: call), of: call) }
      return attempt.waiting(until: call.readClock().advanced(byNanoseconds: delay))
    }
  }

  // MARK: - Telling

  @inline(never)
  private func tellEnded(
    _ attempt: RetryAttempt, of call: CallContext, _ outcome: Outcome, _ error: (any Error)?
  ) {
    context(of: attempt, call).attemptEnded(of: caller(of: attempt, call), outcome, error: error)
  }

  @inline(__always)
  private func isTold(_ call: CallContext) -> Bool { onEvent != nil || call.isObserved }

  private func gaveUp(_ reason: RetryDecision.Reason, _ attempt: RetryAttempt, of call: CallContext) {
    counts.note(reason)
    guard isTold(call) else { return }
    tell(.gaveUp(call: name, attempts: attempt.number, reason: reason), attempt, of: call)
  }

  @inline(never)
  private func tellScheduled(
    _ delay: Int64, _ attempt: RetryAttempt, _ wasRefused: Bool, of call: CallContext
  ) {
    let number = attempt.number + 1
    tell(
      .scheduled(
        call: name, attempt: number, delay: .nanoseconds(delay),
        isLastAttempt: number == policy.maxAttempts, wasRefused: wasRefused), attempt, of: call)
  }

  private func tell(_ event: RetryEvent, _ attempt: RetryAttempt, of call: CallContext) {
    onEvent?(event)
    caller(of: attempt, call).emit(event)
  }
}
