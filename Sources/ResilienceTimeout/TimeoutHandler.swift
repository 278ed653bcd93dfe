public import ResilienceCore

/// A handler whose calls are cancelled when they take too long; see ``ResilienceCore/Handler/timeout(_:)``.
@frozen
public struct TimeoutHandler<Base: Handler>: HandlerDecorator {
  /// The wrapped handler.
  public let base: Base

  /// How long a call may take.
  public let limit: TimeLimit

  @inlinable
  init(base: Base, limit: TimeLimit) {
    self.base = base
    self.limit = limit
  }

  /// Calls the base in a child task and waits for it, cancelling it when the limit passes.
  ///
  /// - Throws: What the base throws; ``TimedOut``; ``DeadlineExceeded`` when the caller's deadline has passed already;
  ///   `CancellationError` when the caller was cancelled before.
  @inlinable
  public nonisolated(nonsending) func handle(_ input: Base.Input, context: CallContext) async throws
    -> Base.Output
  {
    // The child does not inherit an earlier cancellation.
    try Task.checkCancellation()
    var inner = context
    try limit.begin(&inner, name: base.traits.name)
    let child = Task.immediate(executorPreference: context.executor) { [base, inner] in
      do {
        return TimeoutEnding.returned(try await base.handle(input, context: inner))
      } catch {
        // Asked here: the limit may pass between the work's end and the caller's turn.
        return TimeoutEnding.threw(error, wasCancelled: Task.isCancelled)
      }
    }
    let clock = context.clock
    let timer = clock.schedule(at: inner.deadline.instant) { child.cancel() }
    let ending = await withTaskCancellationHandler {
      await child.value
    } onCancel: {
      child.cancel()
    }
    let isExpired = !clock.cancel(timer)
    switch ending {
    case .returned(let value):
      return value
    case .threw(let error, let wasCancelled):
      guard isExpired, wasCancelled, !Task.isCancelled else { throw error }
      throw limit.expire(inner, of: context, name: base.traits.name, underlying: error)
    }
  }
}

/// How the work in the child task ended.
@usableFromInline
@frozen
enum TimeoutEnding<Output: Sendable>: Sendable {
  case returned(Output)
  case threw(any Error, wasCancelled: Bool)
}

extension TimeLimit {
  /// Makes the error of work whose time is up, and tells the observer.
  @usableFromInline
  @inline(never)
  func expire(_ inner: CallContext, of context: CallContext, name: String, underlying: any Error) -> TimedOut
  {
    var inner = inner
    let given = inner.now.nanoseconds(to: inner.deadline.instant)
    let error = TimedOut(
      call: name, limit: .nanoseconds(given), isCutShort: given < nanoseconds,
      underlying: underlying is CancellationError ? nil : underlying)
    context.emit(TimeoutEvent.expired(call: error.call, limit: error.limit))
    return error
  }
}

extension Handler {
  /// Cancels the work when it takes longer than `limit`, and throws ``TimedOut``.
  ///
  /// The work runs in a child task, begun in place. It is cancelled and then **waited for**: work that ignores
  /// cancellation is not left behind, so the call takes as long as it takes; if it returns a value after all, that is
  /// returned. The caller's own task is never cancelled, and the caller's cancellation reaches the work and passes
  /// through as whatever the work throws for it. The part of the work before its first suspension cannot be
  /// interrupted.
  ///
  /// The limit is also a deadline for everything below; the caller's deadline cuts it short. A call whose deadline has
  /// passed is refused with ``DeadlineExceeded`` before the work begins.
  ///
  /// A limit that the caller's deadline cuts short counts as a failure too (``TimedOut/isCutShort``): where callers that
  /// are short of time must not open a breaker, say so with `classify`. Cancellation handlers of the work run on
  /// the clock's timer thread and must not block.
  ///
  /// Costs a task and a timer, under a microsecond. Put it directly around the call, inside a retry, so that it holds
  /// for each attempt. For the whole stack use ``deadline(_:)``.
  ///
  /// - Parameter limit: How long a call may take; more than 0.
  public func timeout(_ limit: Duration) -> TimeoutHandler<Self> {
    TimeoutHandler(base: self, limit: TimeLimit(limit))
  }
}
