public import ResilienceCore

/// What of a retried call changes from attempt to attempt.
///
/// A few words only: all that lives across the await of an attempt is stored for every call, also for those that succeed
/// at once. With the call's own `Inherited` it makes the attempt's context.
@frozen
@usableFromInline
struct RetryAttempt: Sendable, BitwiseCopyable {
  @usableFromInline var id: UInt64
  /// The attempt's span: the call's, unless an observer gave it one of its own.
  @usableFromInline var span: UInt64
  /// When the attempt began, if known; while it waits to begin, when it is due.
  @usableFromInline var now: Int64
  @usableFromInline var number: UInt32
  /// 1 while the logical call's first outcome is still to come here. A whole word: padding would be stored, too.
  @usableFromInline var dueDeposits: UInt32

  @inlinable
  @inline(__always)
  init(of call: CallContext) {
    id = call.isUnclaimed ? CallContext.pendingID : call.claimedID
    span = call.trace.span
    now = call.nowIfKnown
    number = 1
    dueDeposits = call.isUnclaimed ? 1 : 0
  }

  /// Whether its end is the logical call's first outcome, with which it deposits.
  @inlinable
  var isFirstOutcome: Bool { dueDeposits == 1 }

  var due: Instant {
    get { Instant(nanoseconds: now) }
    set { now = newValue.nanoseconds }
  }

  /// The context that the attempt is made with.
  @inlinable
  @inline(__always)
  func context(of call: Ambient.Inherited.Parts, maxAttempts: UInt32) -> CallContext {
    var context = CallContext(
      inherited: Ambient.Inherited(call), callID: id, attempt: number, maxAttempts: maxAttempts, knownNow: now
    )
    if span != call.trace.span {
      var trace = call.trace
      trace.span = span
      context.enterSpan(trace)
    }
    return context
  }

  /// The context that the attempt is made from.
  func call(_ call: Ambient.Inherited.Parts, maxAttempts: UInt32) -> CallContext {
    CallContext(
      inherited: Ambient.Inherited(call), callID: id, attempt: number, maxAttempts: maxAttempts,
      knownNow: .min)
  }

  func taking(_ context: CallContext) -> RetryAttempt {
    var attempt = self
    attempt.id = context.claimedID
    attempt.span = context.trace.span
    attempt.now = context.nowIfKnown
    return attempt
  }

  func next(of call: Ambient.Inherited.Parts) -> RetryAttempt {
    var next = self
    next.number += 1
    next.dueDeposits = 0
    next.span = call.trace.span
    next.now = .min
    return next
  }
}
