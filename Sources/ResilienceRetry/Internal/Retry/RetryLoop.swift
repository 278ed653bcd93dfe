public import ResilienceCore

/// One policy at work: what the decorator and the inline face share, whatever they call.
@usableFromInline
final class RetryLoop: Sendable {
  @usableFromInline let budget: RetryBudget
  let constantPolicy: RetryPolicy
  // 0 if it may change.
  private let constantLimit: UInt32
  let live: LivePolicy<RetryPolicy>?
  let counts = RetryCounts()
  private let onEvent: (@Sendable (RetryEvent) -> Void)?
  private let name: String
  /// Whether a refusal says that nothing was sent: not behind another retry, whose earlier attempts were.
  let provesRefusals: Bool

  init(
    _ name: String, _ policy: RetryPolicy, live: LivePolicy<RetryPolicy>? = nil, budget: RetryBudget?,
    provesRefusals: Bool = true, onEvent: (@Sendable (RetryEvent) -> Void)?
  ) {
    self.name = name
    self.provesRefusals = provesRefusals
    constantPolicy = policy
    constantLimit = live == nil ? UInt32(clamping: policy.maxAttempts) : 0
    self.live = live
    self.budget = budget ?? .unbounded
    self.onEvent = onEvent
  }

  /// What holds at present.
  var policy: RetryPolicy { live == nil ? constantPolicy : livePolicy }

  @inline(__always)
  private var limit: UInt32 { constantLimit > 0 ? constantLimit : liveLimit }

  // Out of line, so that a policy that does not change pays for a test and no more.
  private var livePolicy: RetryPolicy {
    @inline(never) get { live?.current ?? constantPolicy }
  }

  private var liveLimit: UInt32 {
    @inline(never) get { UInt32(clamping: livePolicy.maxAttempts) }
  }

  /// For a reader of the stack: `3 (exponential 50 ms…20 s, full jitter)`.
  var summary: String {
    let policy = policy
    return "\(policy.maxAttempts == .max ? "without limit" : "\(policy.maxAttempts)") (\(policy.backoff))"
  }

  func snapshot() -> RetrySnapshot { counts.snapshot(of: name, budget.snapshot()) }

  // MARK: - Before an attempt

  /// The context of a first attempt that somebody looks at.
  @usableFromInline
  @inline(never)
  func first(of call: CallContext, drawsID: Bool) -> CallContext {
    guard constantLimit > 0 else { return liveFirst(of: call, drawsID: drawsID) }
    return first(of: call, limit: constantLimit, drawsID: drawsID)
  }

  @inline(never)
  private func liveFirst(of call: CallContext, drawsID: Bool) -> CallContext {
    first(of: call, limit: liveLimit, drawsID: drawsID)
  }

  @inline(__always)
  private func first(of call: CallContext, limit: UInt32, drawsID: Bool) -> CallContext {
    var first = call
    first.claim()
    first.beginAttempt(1, of: limit, at: call.knownNow)
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
    context.knownNow = attempt.began
    // What the call is, a delivery or a try of a hedge, its attempts are not.
    context.flags.subtract(.otherAttempts)
    if attempt.span != call.trace.span {
      var trace = call.trace
      trace.span = attempt.span
      context.enterSpan(trace)
    }
    return context
  }

  /// The context that an attempt is made from.
  @inline(__always)
  private func caller(of attempt: RetryAttempt, _ call: CallContext) -> CallContext {
    var caller = call
    caller.claim(as: attempt.identity)
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
    guard case .waiting(let due) = attempt.phase else { return attempt }
    do {
      try await call.clock.sleep(until: due)
    } catch {
      if attempt.holdsToken { budget.refundRetry() }
      gaveUp(cancellation(of: call), nil, attempt, of: call)
      return attempt.with(.over)
    }
    return begin(attempt.next(of: call), of: call)
  }

  func begin(_ attempt: RetryAttempt, of call: CallContext) -> RetryAttempt {
    guard call.isObserved else { return attempt }
    var context = context(of: attempt, call)
    context.attemptBegan()
    var attempt = attempt
    attempt.span = context.trace.span
    attempt.phase = .active(since: context.knownNow)
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

  /// Why a call that was cancelled is over: the caller did not want it any more, or a time limit outside has
  /// passed.
  @inline(never)
  func cancellation(of call: CallContext) -> RetryDecision.Reason {
    call.callerHasCancelled ? .cancelled : .deadline
  }

  // MARK: - Telling

  @inline(never)
  func tellEnded(
    _ attempt: RetryAttempt, of call: CallContext, _ outcome: Outcome, _ error: (any Error)?
  ) {
    context(of: attempt, call).attemptEnded(of: caller(of: attempt, call), outcome, error: error)
  }

  @inline(__always)
  func isTold(_ call: CallContext) -> Bool { onEvent != nil || call.isObserved }

  func gaveUp(
    _ reason: RetryDecision.Reason, _ error: (any Error)?, _ attempt: RetryAttempt, of call: CallContext
  ) {
    counts.note(reason)
    if isTold(call) { tellGaveUp(reason, error, attempt, of: call) }
  }

  @inline(never)
  private func tellGaveUp(
    _ reason: RetryDecision.Reason, _ error: (any Error)?, _ attempt: RetryAttempt, of call: CallContext
  ) {
    tell(.gaveUp(call: name, attempts: attempt.number, reason: reason, error: error), attempt, of: call)
  }

  @inline(never)
  func tellScheduled(
    _ delay: Int64, _ error: (any Error)?, _ attempt: RetryAttempt, _ wasRefused: Bool, of call: CallContext
  ) {
    let number = attempt.number + 1
    tell(
      .scheduled(
        call: name, attempt: number, delay: .nanoseconds(delay),
        isLastAttempt: number == policy.maxAttempts, wasRefused: wasRefused, error: error), attempt, of: call)
  }

  private func tell(_ event: RetryEvent, _ attempt: RetryAttempt, of call: CallContext) {
    onEvent?(event)
    caller(of: attempt, call).emit(event)
  }
}
