public import ResilienceCore

/// What of a retried call changes from attempt to attempt.
///
/// Four words, which are handed over in registers. With the context of the call it makes that of the attempt.
@usableFromInline
struct RetryAttempt: Sendable, BitwiseCopyable {
  @usableFromInline
  enum Phase: Sendable, BitwiseCopyable {
    /// It is to be made, or being made; when it began, if known.
    case active(since: KnownInstant)
    /// It is to be made when it is due.
    case waiting(until: Instant)
    /// The call ends with it.
    case over
  }

  var identity: CallIdentity
  /// The attempt's span: the call's, unless an observer gave it one of its own.
  var span: UInt64
  @usableFromInline var phase: Phase
  /// Whether its end is the logical call's first outcome, with which it deposits. Only the outermost of
  /// nested retries and hedges deposits.
  @usableFromInline var isFirstOutcome: Bool
  /// Whether the budget gave a token for it, which is kept or goes back if one of our own layers refuses it.
  var holdsToken: Bool
  // Last, so that no padding makes a fifth word.
  var count: UInt32

  /// The first attempt. Each retry counts its own from 1; the context adds up those of all layers.
  ///
  /// - Parameters:
  ///   - first: What it was made with.
  ///   - call: What the call was made with.
  @usableFromInline
  init(first: CallContext, of call: CallContext) {
    identity = first.identity
    span = first.trace.span
    phase = .active(since: first.knownNow)
    count = 1
    isFirstOutcome = call.isUnclaimed
    holdsToken = false
  }

  @usableFromInline var number: Int { Int(count) }

  @inlinable var isOver: Bool { if case .over = phase { true } else { false } }

  @inlinable var isWaiting: Bool { if case .waiting = phase { true } else { false } }

  var began: KnownInstant { if case .active(let began) = phase { began } else { .none } }

  func with(_ phase: Phase) -> RetryAttempt {
    var attempt = self
    attempt.phase = phase
    return attempt
  }

  func next(of call: CallContext) -> RetryAttempt {
    var next = with(.active(since: .none))
    next.count = next.count.addingSaturating(1)
    next.span = call.trace.span
    return next
  }
}
