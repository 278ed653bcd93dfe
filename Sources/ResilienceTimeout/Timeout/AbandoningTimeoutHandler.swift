public import ResilienceCore

/// A handler whose callers leave when a call takes too long; see
/// ``ResilienceCore/Handler/timeout(_:abandoning:)``.
@frozen
public struct AbandoningTimeoutHandler<Base: Handler>: HandlerDecorator, BuiltInHandler {
  /// The wrapped handler.
  public let base: Base

  /// The kind `timeout`, with the limit.
  public var layer: HandlerLayer? {
    HandlerLayer("timeout", "\(Duration.nanoseconds(limit.nanoseconds).unitText), abandoning")
  }

  /// How long a caller waits.
  public let limit: TimeLimit

  /// Counts what is left running.
  public let abandoned: AbandonedWork

  @inlinable
  init(base: Base, limit: TimeLimit, abandoned: AbandonedWork) {
    self.base = base
    self.limit = limit
    self.abandoned = abandoned
  }

  /// Calls the base in a child task and waits for it, but no longer than the limit and 10 ms.
  ///
  /// - Throws: What the base throws in time; ``TimedOut``; ``DeadlineExceeded`` when the caller's deadline
  ///   has passed already; `CancellationError` when the caller was cancelled before.
  @inlinable
  public nonisolated(nonsending) func handle(_ input: Base.Input, context: CallContext) async throws
    -> Base.Output
  {
    // The child does not inherit an earlier cancellation.
    try Task.checkCancellation()
    var inner = context
    try limit.begin(&inner, name: base.traits.name)
    let (timed, work) = (
      TimedWork(), AbandonableWork(call: base.traits.name, begin: inner.now, abandoned: abandoned)
    )
    let child = Task.immediate(executorPreference: context.executor) { [self, inner] in
      try await run(timed, work, input, inner)
    }
    if timed.isRunning {
      let (clock, deadline) = (context.clock, inner.deadline)
      let cancelling = clock.schedule(at: deadline.instant) { child.cancel() }
      let leaving = clock.schedule(at: TimeLimit.leaving(after: deadline)) { work.leave(at: clock.now) }
      defer {
        clock.cancel(cancelling)
        clock.cancel(leaving)
      }
      let isLeft = await withTaskCancellationHandler {
        await work.mayBeLeft(context)
      } onCancel: {
        timed.callerWasCancelled(at: clock.now, deadline: deadline)
        child.cancel()
      }
      if isLeft {
        guard !timed.isRevoked else { throw CancellationError() }
        throw limit.expire(inner, of: context, name: base.traits.name, isAbandoned: true)
      }
    }
    do {
      return try await child.value
    } catch {
      guard timed.isLate else { throw error }
      throw limit.replacement(
        for: error, base.judge(error, in: inner), inner, of: context, name: base.traits.name)
    }
  }

  // Not inlined into the task's closure, which hops to an executor around every call it can see.
  @inlinable
  @inline(never)
  nonisolated(nonsending) func run(
    _ timed: TimedWork, _ work: AbandonableWork, _ input: Base.Input, _ inner: CallContext
  ) async throws -> Base.Output {
    do {
      let value = try await base.perform(input, in: inner)
      timed.end(.ended)
      work.end(inner, error: nil)
      return value
    } catch {
      timed.fail(inner)
      work.end(inner, error: error)
      throw error
    }
  }
}

extension TimeLimit {
  /// When a caller leaves work whose time was up at `deadline`.
  @usableFromInline
  static func leaving(after deadline: Deadline) -> Instant {
    deadline.instant.advanced(byNanoseconds: AbandonedWork.patienceNanoseconds)
  }
}

extension Handler {
  /// Cancels the work when it takes longer than `limit`, and throws ``ResilienceTimeout/TimedOut`` without
  /// waiting for its end: for work that ignores cancellation, under callers that must not wait.
  ///
  /// As ``timeout(_:)``, but the caller does not wait for long. The cancelled work has 10 ms, a few of a
  /// scheduler's time slices, to end: a client that honours cancellation, and a queue in which the call
  /// waited, can still say how it ended. Then the caller goes on. The work is left behind, cancelled, and
  /// runs to its end: its value is dropped, its error is told only to `work` and to the call's observer.
  ///
  /// > Warning: Abandoned work is still there. It holds its memory, its connection, its locks; it may commit
  /// > the order after its caller was told that it failed, and a retry then runs beside it. How much of it
  /// > piles up at a destination that hangs is bounded by ``AbandonedWork/limit``, and by what is **inside**
  /// > this layer: a bulkhead around the call itself (`call.bulkhead(…).timeout(…, abandoning: …)`) keeps its
  /// > permit until the work has really ended. Prefer ``timeout(_:)`` wherever the work honours cancellation,
  /// > and fix the work where it can be fixed.
  ///
  /// A caller that is cancelled before the limit cancels the work and waits for it, but no longer than the
  /// limit and 10 ms; then it throws `CancellationError`.
  ///
  /// - Parameters:
  ///   - limit: How long the caller waits; more than 0.
  ///   - work: Counts what is left running; share one for each destination. When as much as it allows is left
  ///     running, the caller waits for its work, as with ``timeout(_:)``.
  public func timeout(_ limit: Duration, abandoning work: AbandonedWork) -> AbandoningTimeoutHandler<Self> {
    AbandoningTimeoutHandler(base: self, limit: TimeLimit(limit), abandoned: work)
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
  public func timeout(_ limit: Duration, abandoning work: AbandonedWork) -> AbandoningTimeoutHandler<Self> {
    AbandoningTimeoutHandler(base: self, limit: TimeLimit(limit), abandoned: work)
  }
}
