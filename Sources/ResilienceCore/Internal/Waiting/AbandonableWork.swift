/// One piece of work whose caller may leave before it has ended.
@usableFromInline
package final class AbandonableWork: Sendable {
  private enum State {
    case running
    /// The caller waits: it is told whether it is to go on without the work.
    case awaited(UnsafeContinuation<AbandonedWorkEvent?, Never>)
    case ended
    /// The caller has gone on.
    case left(AbandonedWorkEvent, at: Instant)
    /// The caller is not allowed to go on.
    case refused(AbandonedWorkEvent)
  }

  private let state = Lock(State.running)
  private let call: String
  private let begin: Instant
  private let abandoned: AbandonedWork

  /// - Parameters:
  ///   - call: The call's name, for events.
  ///   - begin: When the work begins.
  ///   - abandoned: Counts it when the caller leaves.
  @usableFromInline
  package init(call: String, begin: Instant, abandoned: AbandonedWork) {
    self.call = call
    self.begin = begin
    self.abandoned = abandoned
  }

  // MARK: - The work

  /// Takes note that the work has ended; called in its task.
  @usableFromInline
  package func end(_ context: CallContext, error: (any Error)?) {
    let before = state.withLock { state in
      let before = state
      if case .left = state {} else { state = .ended }
      return before
    }
    switch before {
    case .running, .refused, .ended: break
    case .awaited(let continuation): continuation.resume(returning: nil)
    case .left(_, let instant):
      let event = AbandonedWorkEvent.ended(
        call: call, overdue: instant.duration(to: context.readClock()), error: error.map { "\($0)" })
      context.emit(event)
      abandoned.end(event)
    }
  }

  // MARK: - The caller

  /// Suspends until the work has ended, or ``leave(at:)`` was called: then it tells the observers.
  ///
  /// It does not look at the task's cancellation.
  ///
  /// - Returns: Whether the caller is to go on without the work. Otherwise the work has ended, or is to be
  ///   waited for.
  @usableFromInline
  package func mayBeLeft(_ context: CallContext, isolation: isolated (any Actor)? = #isolation) async -> Bool
  {
    let event = await withUnsafeContinuation { continuation in
      let known: AbandonedWorkEvent?? = state.withLock { state in
        switch state {
        case .running:
          state = .awaited(continuation)
          return nil
        case .awaited: preconditionFailure("a call was waited for twice")
        case .ended: return .some(nil)
        case .left(let event, _), .refused(let event): return event
        }
      }
      if let known { continuation.resume(returning: known) }
    }
    guard let event else { return false }
    context.emit(event)
    abandoned.drain()
    if case .left = event { return true }
    return false
  }

  /// Lets the caller go on, if the work runs and no more than is allowed was left running. Decides once.
  @usableFromInline
  package func leave(at now: Instant) {
    let awaited: (UnsafeContinuation<AbandonedWorkEvent?, Never>, AbandonedWorkEvent)? = state.withLock {
      state in
      let continuation: UnsafeContinuation<AbandonedWorkEvent?, Never>?
      switch state {
      case .ended, .left, .refused: return nil
      case .running: continuation = nil
      case .awaited(let waiting): continuation = waiting
      }
      // Counted in here, so that the end cannot be counted before.
      let event = abandoned.leave(call, after: begin.duration(to: now))
      if case .left = event { state = .left(event, at: now) } else { state = .refused(event) }
      return continuation.map { ($0, event) }
    }
    if let (continuation, event) = awaited { continuation.resume(returning: event) }
  }
}
