public import ResilienceCore

/// One call whose caller may leave before its work has ended.
@usableFromInline
final class AbandonableWork: Sendable {
  private enum State {
    case running
    case awaited(UnsafeContinuation<Bool, Never>)
    case ended
    case abandoned
  }

  @usableFromInline let timed = TimedWork()
  private let state = Lock(State.running)
  private let call: String
  private let limit: Duration
  private let abandoned: AbandonedWork

  @usableFromInline
  init(call: String, limit: Duration, abandoned: AbandonedWork) {
    self.call = call
    self.limit = limit
    self.abandoned = abandoned
  }

  // MARK: - The work

  @inlinable
  @inline(never)
  nonisolated(nonsending) func run<Base: Handler>(
    _ base: Base, _ input: Base.Input, _ context: CallContext
  ) async throws -> Base.Output {
    do {
      let value = try await timed.run(base, input, context)
      end(context, error: nil)
      return value
    } catch {
      end(context, error: error)
      throw error
    }
  }

  @usableFromInline
  func end(_ context: CallContext, error: (any Error)?) {
    let before = state.withLock { state in
      let before = state
      if case .abandoned = state {} else { state = .ended }
      return before
    }
    switch before {
    case .running, .ended: break
    case .awaited(let continuation): continuation.resume(returning: true)
    case .abandoned:
      let overdue = context.deadline.instant.duration(to: context.readClock())
      let event = TimeoutEvent.abandonedEnded(call: call, overdue: overdue, error: error.map { "\($0)" })
      context.emit(event)
      abandoned.end(event)
    }
  }

  // MARK: - The caller

  /// Suspends until the work has ended or is abandoned.
  ///
  /// - Returns: Whether it has ended.
  @usableFromInline
  func wait(isolation: isolated (any Actor)? = #isolation) async -> Bool {
    await withUnsafeContinuation { continuation in
      let isOver: Bool? = state.withLock { state in
        switch state {
        case .running:
          state = .awaited(continuation)
          return nil
        case .awaited: preconditionFailure("a call was waited for twice")
        case .ended: return true
        case .abandoned: return false
        }
      }
      if let isOver { continuation.resume(returning: isOver) }
    }
  }

  /// Lets the caller go on, unless the work has ended.
  @usableFromInline
  func abandon() {
    let awaited: UnsafeContinuation<Bool, Never>? = state.withLock { state in
      switch state {
      case .ended, .abandoned: return nil
      case .running:
        abandoned.begin(.abandoned(call: call, limit: limit))
        state = .abandoned
        return nil
      case .awaited(let continuation):
        // Counted here, so that the end cannot be counted before the beginning.
        abandoned.begin(.abandoned(call: call, limit: limit))
        state = .abandoned
        return continuation
      }
    }
    awaited?.resume(returning: false)
  }

  /// Tells the observers that the caller has left.
  @usableFromInline
  func left(_ context: CallContext) {
    context.emit(TimeoutEvent.abandoned(call: call, limit: limit))
    abandoned.drain()
  }
}
