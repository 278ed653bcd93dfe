public import ResilienceCore

/// What of a retried call changes from attempt to attempt.
///
/// Four words, which are handed over in registers. With the context of the call it makes that of the attempt.
@frozen
@usableFromInline
struct RetryAttempt: Sendable, BitwiseCopyable {
  @frozen
  @usableFromInline
  enum Phase: Sendable {
    /// It is to be made, or being made.
    case active
    /// It is to be made when it is due.
    case waiting
    /// The call ends with it.
    case over
  }

  var id: UInt64
  /// The attempt's span: the call's, unless an observer gave it one of its own.
  var span: UInt64
  /// When it began, if known; while it waits, when it is due.
  var now: Int64
  var count: UInt32
  @usableFromInline var phase: Phase
  /// Whether its end is the logical call's first outcome, with which it deposits. Only the outermost of
  /// nested retries and hedges deposits.
  @usableFromInline var isFirstOutcome: Bool
  /// Whether the budget gave a token for it, which is kept or goes back if one of our own layers refuses it.
  var holdsToken: Bool

  /// The first attempt. Each retry counts its own from 1; the context adds up those of all layers.
  ///
  /// - Parameters:
  ///   - first: What it was made with.
  ///   - call: What the call was made with.
  @usableFromInline
  init(first: CallContext, of call: CallContext) {
    id = first.claimedID
    span = first.trace.span
    now = first.nowIfKnown
    count = 1
    phase = .active
    isFirstOutcome = call.isUnclaimed
    holdsToken = false
  }

  @usableFromInline var number: Int { Int(count) }

  @inlinable
  var isOver: Bool { phase == .over }

  var due: Instant { Instant(nanoseconds: now) }

  func over() -> RetryAttempt {
    var attempt = self
    attempt.phase = .over
    return attempt
  }

  func waiting(until due: Instant) -> RetryAttempt {
    var attempt = self
    attempt.phase = .waiting
    attempt.now = due.nanoseconds
    return attempt
  }

  func next(of call: CallContext) -> RetryAttempt {
    var next = self
    next.count = next.count.addingSaturating(1)
    next.span = call.trace.span
    next.now = .min
    next.phase = .active
    return next
  }
}
