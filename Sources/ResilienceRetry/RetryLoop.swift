public import ResilienceCore

/// What the decorator and the inline face share.
@frozen
@usableFromInline
struct RetryLoop: Sendable {
  @usableFromInline let policy: RetryPolicy
  @usableFromInline let budget: RetryBudget?
  @usableFromInline let onEvent: (@Sendable (RetryEvent) -> Void)?
  @usableFromInline let maxAttempts: UInt32
  @usableFromInline let drawsIDs: Bool
  @usableFromInline let name: String

  @usableFromInline
  init(
    _ name: String, policy: RetryPolicy, budget: RetryBudget?, onEvent: (@Sendable (RetryEvent) -> Void)?,
    drawsIDs: Bool
  ) {
    self.name = name
    self.policy = policy
    self.budget = budget
    self.onEvent = onEvent
    self.drawsIDs = drawsIDs
    maxAttempts = UInt32(policy.maxAttempts)
  }

  /// What comes after an attempt that did not succeed.
  @frozen
  @usableFromInline
  enum Step: Sendable {
    case giveUp
    case retry(RetryAttempt)
    case wait(RetryAttempt)
  }

  // MARK: - The way down

  /// The first attempt. Only the outermost of nested retries and hedges deposits; each counts its own attempts from 1, also
  /// inside the second delivery of an event.
  @inlinable
  @inline(__always)
  func begin(_ context: CallContext) -> RetryAttempt {
    let attempt = RetryAttempt(of: context)
    return drawsIDs || context.isObserved ? prepare(attempt, of: context.inherited.parts) : attempt
  }

  @usableFromInline
  @inline(never)
  func prepare(_ attempt: RetryAttempt, of call: Ambient.Inherited.Parts) -> RetryAttempt {
    var context = attempt.context(of: call, maxAttempts: maxAttempts)
    context.drawCallID()
    context.attemptBegan()
    return attempt.taking(context)
  }

  // MARK: - The way up

  /// Bookkeeping of a success: nothing, unless somebody observes or the budget is not full.
  @inlinable
  @inline(__always)
  func succeeded(_ attempt: RetryAttempt, of call: Ambient.Inherited.Parts, _ outcome: Outcome) {
    if call.observer != .none { end(attempt, of: call, outcome) }
    if budget?.isBelowMaximum == true { deposit(attempt) }
  }

  @usableFromInline
  @inline(never)
  func deposit(_ attempt: RetryAttempt) {
    budget?.noteSuccess(isFirst: attempt.isFirstOutcome)
  }

  @usableFromInline
  @inline(never)
  func end(
    _ attempt: RetryAttempt, of call: Ambient.Inherited.Parts, _ outcome: Outcome, error: (any Error)? = nil
  ) {
    let context = attempt.context(of: call, maxAttempts: maxAttempts)
    context.attemptEnded(of: attempt.call(call, maxAttempts: maxAttempts), outcome, error: error)
  }

  /// Decides, takes the budget's token, and tells who wants to know.
  @usableFromInline
  @inline(never)
  func next(
    after outcome: Outcome, error: (any Error)?, _ attempt: RetryAttempt, of call: Ambient.Inherited.Parts,
    idempotency: CallTraits.Idempotency = .notStated, isReplayable: Bool = true
  ) -> Step {
    let attempt = ended(attempt, of: call, outcome, error)
    let decision = decision(after: outcome, error: error, attempt, of: call, idempotency, isReplayable)
    return carryOut(decision, after: outcome.verdict, attempt, of: call)
  }

  /// The same, for those that have a condition.
  @usableFromInline
  @inline(never)
  func next(
    after outcome: Outcome, error: (any Error)?, _ attempt: RetryAttempt, of call: Ambient.Inherited.Parts,
    idempotency: CallTraits.Idempotency, isReplayable: Bool, isExcluded: () -> Bool
  ) -> Step {
    let attempt = ended(attempt, of: call, outcome, error)
    var decision = decision(after: outcome, error: error, attempt, of: call, idempotency, isReplayable)
    if case .retry = decision, isExcluded() { decision = .giveUp(.excluded) }
    return carryOut(decision, after: outcome.verdict, attempt, of: call)
  }

  @inline(__always)
  private func ended(
    _ attempt: RetryAttempt, of call: Ambient.Inherited.Parts, _ outcome: Outcome, _ error: (any Error)?
  ) -> RetryAttempt {
    if call.observer != .none { end(attempt, of: call, outcome, error: error) }
    guard attempt.id <= CallContext.pendingID else { return attempt }
    var attempt = attempt
    attempt.id = attempt.call(call, maxAttempts: maxAttempts).makeID()
    return attempt
  }

  @inline(__always)
  private func decision(
    after outcome: Outcome, error: (any Error)?, _ attempt: RetryAttempt, of call: Ambient.Inherited.Parts,
    _ idempotency: CallTraits.Idempotency, _ isReplayable: Bool
  ) -> RetryDecision {
    let decision = policy.decision(
      after: outcome, error: error, attempt: Int(attempt.number), deadline: call.deadline, seed: attempt.id,
      idempotency: idempotency, isReplayable: isReplayable,
      now: { attempt.call(call, maxAttempts: maxAttempts).readClock() })
    // Asked last: it costs as much as the decision.
    if case .retry = decision, Task.isCancelled { return .giveUp(.cancelled) }
    return decision
  }

  @inline(__always)
  private func carryOut(
    _ decision: RetryDecision, after verdict: Verdict, _ attempt: RetryAttempt,
    of call: Ambient.Inherited.Parts
  ) -> Step {
    switch decision {
    case .giveUp(let reason):
      budget?.noteUnretried(isFirst: attempt.isFirstOutcome, verdict)
      // An error that counts as a success is an answer.
      if verdict == .success { return .giveUp }
      tellGaveUp(reason, attempt, of: call)
      return .giveUp
    case .retry(let delay):
      if let budget, !budget.withdraw(depositing: attempt.isFirstOutcome) {
        tellGaveUp(.budgetExhausted, attempt, of: call)
        return .giveUp
      }
      if isTold(call) { tellScheduled(delay, attempt, of: call) }
      guard delay > 0 else { return .retry(beginNext(attempt, of: call)) }
      var due = attempt
      due.due = attempt.call(call, maxAttempts: maxAttempts).readClock().advanced(byNanoseconds: delay)
      return .wait(due)
    }
  }

  // MARK: - Telling

  @inline(__always)
  private func isTold(_ call: Ambient.Inherited.Parts) -> Bool { onEvent != nil || call.observer != .none }

  private func tellGaveUp(
    _ reason: RetryDecision.Reason, _ attempt: RetryAttempt, of call: Ambient.Inherited.Parts
  ) {
    guard isTold(call) else { return }
    tell(
      .gaveUp(call: name, attempts: Int(attempt.number), reason: reason),
      in: attempt.call(call, maxAttempts: maxAttempts))
  }

  @inline(never)
  private func tellScheduled(
    _ delay: Int64, _ attempt: RetryAttempt, of call: Ambient.Inherited.Parts
  ) {
    let number = Int(attempt.number) + 1
    tell(
      .scheduled(
        call: name, attempt: number, delay: .nanoseconds(delay),
        isLastAttempt: number == policy.maxAttempts), in: attempt.call(call, maxAttempts: maxAttempts))
  }

  private func tell(_ event: RetryEvent, in call: CallContext) {
    onEvent?(event)
    call.emit(event)
  }

  // MARK: - Again

  @usableFromInline
  @inline(never)
  func beginNext(_ attempt: RetryAttempt, of call: Ambient.Inherited.Parts) -> RetryAttempt {
    let next = attempt.next(of: call)
    return call.observer == .none ? next : prepare(next, of: call)
  }

  /// Waits until the retry is due; `false` when the caller cancelled: the token is handed back.
  ///
  /// Concurrent on purpose. After a call that stays on the caller's actor the compiler does not know where it is, and
  /// then has the success path return to that actor twice (+86 instructions).
  @usableFromInline
  @inline(never)
  @concurrent
  func pause(before attempt: RetryAttempt, of call: Ambient.Inherited.Parts) async -> Bool {
    let context = attempt.call(call, maxAttempts: maxAttempts)
    do {
      try await context.clock.sleep(until: attempt.due)
      return true
    } catch {
      budget?.refund()
      tellGaveUp(.cancelled, attempt, of: call)
      return false
    }
  }
}
