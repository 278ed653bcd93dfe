public import ResilienceCore

/// A handler whose calls are cancelled when they take too long; see ``ResilienceCore/Handler/timeout(_:)``.
@frozen
public struct TimeoutHandler<Base: Handler>: HandlerDecorator, BuiltInHandler {
  /// The wrapped handler.
  public let base: Base

  /// The kind `timeout`, with the limit.
  public var layer: HandlerLayer? {
    HandlerLayer("timeout", "\(limit)")
  }

  /// How long a call may take.
  public let limit: TimeLimit

  @inlinable
  init(base: Base, limit: TimeLimit) {
    self.base = base
    self.limit = limit
  }

  /// Calls the base in a child task and waits for it, cancelling it when the limit passes.
  ///
  /// - Throws: What the base throws; ``TimedOut``; ``DeadlineExceeded`` when the caller's deadline has passed
  ///   already; `CancellationError` when the caller was cancelled before.
  @inlinable
  public nonisolated(nonsending) func handle(_ input: Base.Input, context: CallContext) async throws
    -> Base.Output
  {
    // The child does not inherit an earlier cancellation.
    try Task.checkCancellation()
    var inner = context
    try limit.begin(&inner, name: base.traits.name)
    let work = TimedWork()
    let child = Task.immediate(executorPreference: context.executor) { [base, inner] in
      try await work.run(base, input, inner)
    }
    do {
      // Most work that is fast enough ends before it has to wait: it needs no timer.
      guard work.isRunning else { return try await child.value }
      let (clock, deadline) = (context.clock, inner.deadline)
      let timer = clock.schedule(at: deadline.instant) { child.cancel() }
      defer { clock.cancel(timer) }
      return try await withTaskCancellationHandler {
        try await child.value
      } onCancel: {
        work.callerWasCancelled(at: clock.now, deadline: deadline)
        child.cancel()
      }
    } catch {
      guard work.isLate else { throw error }
      throw limit.replacement(
        for: error, base.judge(error, in: inner), inner, of: context, name: base.traits.name)
    }
  }
}

extension TimeLimit {
  /// How long work that began with `inner` was given.
  @usableFromInline
  static func given(to inner: CallContext) -> Duration {
    var inner = inner
    return inner.now.duration(to: inner.deadline.instant)
  }

  /// What the caller gets for an error that came when the time was up: the limit replaces what it caused,
  /// which is its own cancellation, and failures. What the work says apart from that holds, late or not.
  @usableFromInline
  @inline(never)
  func replacement(
    for error: any Error, _ outcome: Outcome, _ inner: CallContext, of context: CallContext, name: String
  ) -> any Error {
    guard outcome.givesWayToLimit(error) else { return error }
    return expire(
      inner, of: context, name: name, underlying: error is CancellationError ? nil : error,
      pushback: outcome.pushback)
  }

  /// Makes the error of work whose time is up, and tells the observer.
  @usableFromInline
  @inline(never)
  func expire(
    _ inner: CallContext, of context: CallContext, name: String, underlying: (any Error)? = nil,
    pushback: Pushback = .none, isAbandoned: Bool = false
  ) -> TimedOut {
    let given = Self.given(to: inner)
    let error = TimedOut(
      call: name, limit: given, isCutShort: given < .nanoseconds(nanoseconds), underlying: underlying,
      pushback: pushback, isAbandoned: isAbandoned)
    context.emit(TimeoutEvent.expired(call: error.call, limit: error.limit))
    return error
  }
}

extension Handler {
  /// Cancels the work when it takes longer than `limit`, and throws ``ResilienceTimeout/TimedOut``.
  ///
  /// The work runs in a child task, begun in place. It is cancelled and then **waited for**: work that
  /// ignores cancellation is not left behind, so the call takes as long as it takes; callers that must not
  /// wait for it use ``timeout(_:abandoning:)``. The caller's own task is never cancelled, and the caller's
  /// cancellation reaches the work and passes through as whatever the work throws for it. The part of the
  /// work before its first suspension cannot be interrupted.
  ///
  /// The limit is also a deadline for everything below; the caller's deadline cuts it short. A call whose
  /// deadline has passed is refused with ``ResilienceTimeout/DeadlineExceeded`` before the work begins. Of
  /// nested limits that end at the same instant each reports to the layer around it, so that the caller sees
  /// the outermost's error, with the inner one as ``ResilienceTimeout/TimedOut/underlying``, and a breaker
  /// between them sees a failure.
  ///
  /// Work that fails when its time is up timed out, with what it threw as
  /// ``ResilienceTimeout/TimedOut/underlying`` and what that asked for as
  /// ``ResilienceTimeout/TimedOut/pushback``. What is no failure is kept, however late: the value of work
  /// that succeeds, an error that `classify` calls a success or neutral, a refusal by a layer inside, such as
  /// a bulkhead in whose queue the call waited.
  ///
  /// A limit that the caller's deadline cuts short counts as a failure too
  /// (``ResilienceTimeout/TimedOut/isCutShort``): where callers that are short of time must not open a
  /// breaker, say so with `classify`. Cancellation handlers of the work run on a thread of the clock's: one
  /// that blocks delays its own call, and no other's limit.
  ///
  /// Put it directly around the call, inside a retry, so that it holds for each attempt. For the whole stack
  /// use ``deadline(_:)``.
  ///
  /// Cost: a child task, about 0.5 µs; with the timer that work which suspends needs, about 1.5 µs.
  ///
  /// - Parameter limit: How long a call may take; more than 0.
  public func timeout(_ limit: Duration) -> TimeoutHandler<Self> {
    TimeoutHandler(base: self, limit: TimeLimit(limit))
  }
}

extension RetriesFailures {
  /// Warns: a time limit around a retry is for all attempts together.
  @available(
    *, deprecated,
    message: """
      a time limit around a retry is for all attempts together, and leaves none for an attempt that hangs; apply \
      .timeout first, for each attempt, and .deadline after .retry, for all of them
      """
  )
  public func timeout(_ limit: Duration) -> TimeoutHandler<Self> {
    TimeoutHandler(base: self, limit: TimeLimit(limit))
  }
}
